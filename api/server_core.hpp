#pragma once

#include "api/route_table.hpp"
#include "api/server_options.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace verbatim::api {

// What all workers of one server share: what was chosen, which never changes, and counters. Owned
// jointly by the server and by the responders still out, so that an answer that comes after the
// server's end is dropped and touches nothing dead.
struct ServerCore {
    ServerCore(ServerOptions chosen, RouteTable table, ServerHooks given);

    const ServerOptions options;
    const RouteTable routes;
    const ServerHooks hooks;  // none is empty
    const std::size_t connections_max;

    std::atomic<bool> draining{false};
    std::atomic<std::size_t> bodies_bytes{0};

    // Whether there is a place; a connection without one is counted all the same.
    [[nodiscard]] bool connection_opened();
    void connection_closed();
    [[nodiscard]] std::size_t connections() const { return connections_.load(); }
    // False when some are still open after `timeout`.
    [[nodiscard]] bool wait_for_no_connections(std::chrono::milliseconds timeout);

    [[nodiscard]] HttpResponse problem(
        int status, std::string_view code, std::string_view detail, std::string_view request_id
    ) const {
        return hooks.problem(status, code, detail, request_id);
    }

private:
    std::atomic<std::size_t> connections_{0};
    std::mutex mutex_;
    std::condition_variable none_left_;
};

}  // namespace verbatim::api
