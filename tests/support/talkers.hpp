#pragma once

#include "tests/support/http_client.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace verbatim::testing {

// People who each say something in one room every now and then, spread over several nodes. What was
// begun is said again under its key, at the next node that runs, until somebody has answered 201:
// so every text is acknowledged in the end.
//
// Threads: one; `port_of` is called on the talkers' own. Lifetime: what it refers to outlives this.
class Talkers {
public:
    struct Options {
        std::size_t nodes = 0;                              // talker i begins at node i % nodes
        std::function<std::uint16_t(std::size_t)> port_of;  // of a node's HTTP; 0: it is down
        std::string room;
        std::vector<std::string> tokens;       // a talker each
        std::chrono::milliseconds interval{};  // between what one of them says
    };
    explicit Talkers(Options options) : options_(std::move(options)) {}
    ~Talkers() { finish(); }
    Talkers(const Talkers&) = delete;
    Talkers& operator=(const Talkers&) = delete;

    void start();
    // Returns once everything that was begun is acknowledged. A test fails where that takes more
    // than a minute.
    void finish();

    // Waits until so many more were acknowledged. A test fails where that takes more than a minute.
    void wait_for(std::size_t more);
    // Lets them go on for so long.
    void go_on_for(std::chrono::milliseconds time);

    struct Account {
        std::set<std::string> acknowledged;         // texts
        std::vector<std::string> refusals;          // answers but 201, and none; some of them
        std::chrono::milliseconds slowest{};        // answer
        std::chrono::milliseconds longest_pause{};  // of all together, without an acknowledgement
    };
    // Of everything since start(). Requires: finish() has returned.
    [[nodiscard]] const Account& account() const { return account_; }

private:
    using Clock = std::chrono::steady_clock;
    class Talker;

    // Waits until `due`; false: it is over.
    bool wait_until(Clock::time_point due);
    void pause_until(Clock::time_point due);
    void acknowledged(const std::string& text, Clock::duration took);
    void refused(std::string how);

    const Options options_;
    std::mutex mutex_;
    std::condition_variable over_;
    std::condition_variable answered_;
    bool is_over_ = false;          // under mutex_, as is what follows
    Clock::time_point give_up_at_;  // once it is over
    Clock::time_point last_;        // acknowledgement
    Account account_;
    std::size_t round_ = 0;  // texts of each start() are others
    std::vector<std::thread> threads_;
};

}  // namespace verbatim::testing
