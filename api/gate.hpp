#pragma once

#include "api/connection.hpp"
#include "api/server_core.hpp"
#include "api/worker.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace Pistache::Tcp {
class Handler;
}

namespace verbatim::api {

// The connections of one worker. It stands where Pistache expects an Http::Handler and frames the
// requests itself: Pistache's request parser is never fed. That parser loses the second of two
// pipelined requests, takes two Content-Lengths, hangs on a chunk cut between CR and LF, and
// answers a Cookie or Date it dislikes with the text of a C++ exception; a whole request fed to it
// would only bring the last of these back.
//
// Threads: only its worker.
class Gate {
public:
    Gate(std::shared_ptr<ServerCore> core, std::shared_ptr<Worker> worker);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    void open(int descriptor, std::string peer_address);
    void close(int descriptor);
    void take_input(int descriptor, std::string_view bytes);
    // Null when there is none.
    [[nodiscard]] Connection* find(int descriptor);

    // Hands an answer to the connection that asked and returns it; null when it is gone.
    Connection* complete(Completion& completion);

    // The descriptors of the connections opened since the last call.
    [[nodiscard]] std::vector<int> take_opened();

    [[nodiscard]] const std::shared_ptr<ServerCore>& core() const { return core_; }
    // Read once for each batch of events: timeouts are not that exact.
    [[nodiscard]] Moment now() const { return now_; }
    void look_at_clock() { now_ = std::chrono::steady_clock::now(); }

private:
    const std::shared_ptr<ServerCore> core_;
    const std::shared_ptr<Worker> worker_;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
    std::vector<int> opened_;
    std::uint64_t last_serial_ = 0;
    Moment now_;
};

// The gate as Pistache sees it: onConnection, onInput, onDisconnection.
[[nodiscard]] std::shared_ptr<Pistache::Tcp::Handler> make_gate_handler(std::shared_ptr<Gate> gate);

}  // namespace verbatim::api
