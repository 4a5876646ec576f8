#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// The generator's own small client: blocking calls to prepare a run. Not for measuring.
namespace bench {

struct Target {
    std::string host = "127.0.0.1";
    std::uint16_t http_port = 8080;
    std::uint16_t feed_port = 8081;
};

// A connected, non-inherited TCP socket with TCP_NODELAY. Throws std::system_error.
[[nodiscard]] int connect_to(const std::string& host, std::uint16_t port);
void set_non_blocking(int socket);

// The whole bytes of a keep-alive request.
[[nodiscard]] std::string request_text(
    std::string_view method, std::string_view path, std::string_view token, std::string_view body
);

// One request on a connection of its own; throws std::runtime_error unless it answers 2xx.
nlohmann::json call(
    const Target& target,
    std::string_view method,
    std::string_view path,
    std::string_view token = {},
    const nlohmann::json& body = {}
);

struct User {
    std::string id;
    std::string token;
};
// Registers (or finds) the user and opens a session.
[[nodiscard]] User sign_in(const Target& target, const std::string& username);
[[nodiscard]] std::string make_room(
    const Target& target, const User& owner, const std::string& name
);

}  // namespace bench
