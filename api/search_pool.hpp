#pragma once

#include "domain/limits.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace verbatim::api {

// Threads on which searches run, so that a long one stalls no other request. What waits is bounded.
//
// Threads: submit from any; jobs run on a pool thread and must not throw.
class SearchPool {
public:
    struct Options {
        std::size_t threads = 2;
        std::size_t waiting_max = limits::searches_waiting_max;
    };
    explicit SearchPool(Options options);
    // Drops what waits and joins.
    ~SearchPool();

    // False, and the job does not run, when `waiting_max` jobs wait already or the pool has ended.
    [[nodiscard]] bool submit(std::function<void()> job);
    // Lets what runs end, drops what waits, refuses what comes.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::api
