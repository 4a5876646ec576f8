#pragma once

#include "eventstore/checkpoint.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace verbatim {

// nullopt: none came in time, or none will.
using TreeHeadListener = std::function<void(std::optional<SignedTreeHead>)>;

// The newest signed tree head, and those who wait for one that covers what they have seen.
//
// Threads: any. Listeners are called without a lock, on the thread that brought their answer.
class TreeHeads {
public:
    using Clock = std::chrono::steady_clock;

    // One that was signed and is durable. Tells those whom it covers.
    void kept(SignedTreeHead head);
    // Tells the newest head as soon as its size is at least `covering`, or nullopt at the first
    // sweep after `deadline`. At once too where limits::position_waiters_max wait already, or all
    // of it has ended.
    void tell(Position covering, Clock::time_point deadline, TreeHeadListener listener);
    // Tells nullopt to whoever waited beyond `now`.
    void sweep(Clock::time_point now);
    // There will be no more.
    void end();

private:
    struct Waiter {
        Position covering;
        Clock::time_point deadline;
        TreeHeadListener listener;
    };
    template <class Condition>
    [[nodiscard]] std::vector<Waiter> take_if(const Condition& condition);

    std::mutex mutex_;
    std::optional<SignedTreeHead> newest_;
    std::vector<Waiter> waiters_;
    bool has_ended_ = false;
};

}  // namespace verbatim
