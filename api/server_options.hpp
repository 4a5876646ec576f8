#pragma once

#include "api/http.hpp"
#include "api/http_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::api {

struct ServerTimeouts {
    std::chrono::milliseconds idle = limits::http_idle_timeout;
    std::chrono::milliseconds head = limits::http_head_timeout;
    std::chrono::milliseconds body = limits::http_body_timeout;
    std::chrono::milliseconds send = limits::http_send_timeout;
    std::chrono::milliseconds linger = limits::http_linger_timeout;
};

struct ServerOptions {
    std::string bind_address = "127.0.0.1";  // IPv4, or IPv6 without brackets
    std::uint16_t port = 0;                  // 0: any free one
    std::size_t workers = 2;                 // 1 to limits::http_workers_max
    // Never more than half of the descriptors the process may have: the rest is for others.
    std::size_t max_connections = limits::http_connections_default;
    std::vector<std::string> cors_origins;  // "https://chat.example"; "*" for all
    ServerTimeouts timeouts;
};

// One request that has been answered, or whose client did not wait for the answer.
struct FinishedRequest {
    std::string_view route;  // the pattern; "" where no route took it
    Method method = Method::other;
    int status = 0;
    std::chrono::microseconds took{0};  // from the last byte of its head to its answer
    std::string_view request_id;
    bool client_waited = true;
};

// What the layer above is told and asked. All are called on workers, several at a time, and must
// neither block nor throw; those that are empty are replaced.
struct ServerHooks {
    std::function<void(const FinishedRequest&)> observer;
    // Makes the answer for an error of the HTTP layer itself: problem+json.
    std::function<HttpResponse(
        int status, std::string_view code, std::string_view detail, std::string_view request_id
    )>
        problem;
    // The kernel had no descriptor (or no memory) for a connection that waits to be accepted.
    // Called on the accepting thread.
    std::function<void(std::string_view reason)> accept_failed;
};

}  // namespace verbatim::api
