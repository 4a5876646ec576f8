#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace verbatim::testing {

// A port on 127.0.0.1 behind which another one stands: to cut and mend what runs between two
// processes, and to give a server that gets a new port with each start one address.
// Threads: any.
class TcpProxy {
public:
    explicit TcpProxy(std::uint16_t target = 0);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // Where new connections go.
    void aim(std::uint16_t target) { target_ = target; }
    // Ends all connections, and each new one at once, until mend().
    void cut();
    void mend() { is_cut_ = false; }

private:
    struct Pair;

    void accept_all();
    void join_ended(bool all);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<std::uint16_t> target_;
    std::atomic<bool> is_cut_{false};
    std::atomic<bool> is_ending_{false};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Pair>> pairs_;  // under mutex_
    std::thread acceptor_;
};

}  // namespace verbatim::testing
