#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <initializer_list>
#include <mutex>

namespace verbatim::amqp {

// Whether this node leads its log, as far as the broker's exclusive queue tells.
//
//   undecided ◀─▶ leading ──▶ fenced, from any state, until the process ends
//        │            ▲
//        ▼            │
//     standing_by ────┘
//
// Who leads goes on leading while the broker is away, whatever the reason: only the news that
// another process leads the same log ends it, and then for good, since what that other one has
// committed is not in this log.
//
// Threads: any.
class Leadership {
public:
    enum class State {
        undecided,    // the broker has not answered yet, or has to be asked again
        leading,      // holds the queue, did when the broker was there last, or has no broker
        standing_by,  // never led; another connection holds the queue, and nobody speaks
        fenced,       // another process was heard to lead
    };

    // `changed` is told by the thread that found out, without a lock; must not block.
    explicit Leadership(std::function<void(State)> changed) : changed_(std::move(changed)) {}

    [[nodiscard]] State state() const;
    [[nodiscard]] bool leads() const { return state() == State::leading; }
    [[nodiscard]] bool is_fenced() const { return state() == State::fenced; }
    // Waits while undecided, at most `longest`.
    void wait_for_decision(std::chrono::milliseconds longest) const;

    // The queue is ours. No effect once fenced.
    void won();
    // The broker cannot be asked: whoever had no answer yet leads.
    void broker_is_away();
    // Somebody holds the queue; who, is not known.
    void is_held_elsewhere();
    // This process was stopped for so long that the broker may have given it up and another may
    // lead: whoever led is undecided.
    void was_stopped();
    // Another process was heard to lead.
    void another_leads();

private:
    void turn(std::initializer_list<State> from, State to);

    std::function<void(State)> changed_;
    mutable std::mutex mutex_;
    mutable std::condition_variable decided_;
    State state_ = State::undecided;
};

}  // namespace verbatim::amqp
