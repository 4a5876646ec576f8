#pragma once

#include "domain/ids.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace verbatim::api {

// Requests that wait until this node shows a position (`Verbatim-Min-Position`), each for a bounded
// time; at most limits::position_waiters_max of them.
// Threads: all methods from any; callbacks run on the waiters' own thread and must not block.
class PositionWaiters {
public:
    explicit PositionWaiters(Position shown);
    // Answers whoever still waits with "not reached".
    ~PositionWaiters();

    // What this node shows now. Cheap while nobody waits.
    void advanced(Position shown);
    // Calls back with true as soon as `wanted` is shown, with false when `patience` is over or too
    // many wait already.
    void wait(
        Position wanted, std::chrono::milliseconds patience, std::function<void(bool)> callback
    );

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::api
