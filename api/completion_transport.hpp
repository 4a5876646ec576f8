#pragma once

#include "api/server_core.hpp"

#include <memory>

namespace Pistache::Tcp {
class Transport;
}

namespace verbatim::api {

// A Pistache transport for `core`. Install it with Tcp::Listener::setTransportFactory: Pistache
// clones it for each worker, and each clone has a gate and a letterbox of its own.
//
// Pistache accepts, runs the workers' epoll loops and keeps the peers. This transport adds the
// letterbox through which answers come from other threads, the timeouts, and does the reading and
// writing of sockets itself, because in 0.0.5
//   - a write that would block is tried again at once, for ever: one slow reader of a long answer
//     takes a whole worker;
//   - writes are queued by descriptor number, so that an answer may reach the next client that was
//     given the same number;
//   - an event that says both readable and writable loses the latter;
//   - a handler must not close a connection: the loop would go on reading the closed descriptor;
//   - reading cannot be paused, so what a client sends ahead cannot be bounded;
//   - the queue of new peers loses wake-ups. It is looked at again with every tick.
//
// Threads: belongs to the worker that runs it, except for what Pistache's listener calls.
[[nodiscard]] std::shared_ptr<Pistache::Tcp::Transport> make_completion_transport(
    std::shared_ptr<ServerCore> core
);

}  // namespace verbatim::api
