#pragma once

#include "api/route_table.hpp"
#include "api/server_options.hpp"
#include "domain/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace verbatim::api {

enum class StartFault {
    address_in_use,
    address_not_usable,  // not an address of this machine, or not allowed (a low port)
    out_of_resources,    // no descriptor, no memory, no thread
};

struct StartError {
    StartFault fault;
    std::string detail;  // for people
};

// The HTTP server: Pistache's listener and workers under our own framing (gate.hpp) and answers
// (completion_transport.hpp). Knows nothing of chat.
//
// Life:    construct, start() once, later drain() if what was taken shall still be answered, and
//          destruction, which stops whatever runs and joins all threads. Handlers may keep
//          responders beyond that: what they send is dropped.
// Threads: start(), stop_accepting(), drain() and destruction belong to the owner's thread; the
// rest
//          may be called from any thread. Handlers and hooks are called on the workers.
class Server {
public:
    Server(ServerOptions options, RouteTable routes, ServerHooks hooks = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Requires: 1 to limits::http_workers_max workers; not called before.
    // Once it has returned a value, connections are accepted.
    [[nodiscard]] Expected<void, StartError> start();

    // The port it listens on. Requires: started.
    [[nodiscard]] std::uint16_t port() const;

    // Closes the port: new connections are refused, open ones go on.
    void stop_accepting();

    // Stops accepting, lets every request that has come be answered with `Connection: close`, and
    // closes connections that are between requests. False when some are still open after `timeout`;
    // destruction cuts them off.
    [[nodiscard]] bool drain(std::chrono::milliseconds timeout);

    // Open connections, those being refused or closed included.
    [[nodiscard]] std::size_t connections() const;

private:
    struct Running;
    std::unique_ptr<Running> running_;
};

}  // namespace verbatim::api
