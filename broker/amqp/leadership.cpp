#include "broker/amqp/leadership.hpp"

#include <algorithm>

namespace verbatim::amqp {

Leadership::State Leadership::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void Leadership::wait_for_decision(std::chrono::milliseconds longest) const {
    std::unique_lock lock(mutex_);
    (void)decided_.wait_for(lock, longest, [this] { return state_ != State::undecided; });
}

void Leadership::turn(std::initializer_list<State> from, State to) {
    {
        const std::lock_guard lock(mutex_);
        if (std::ranges::find(from, state_) == from.end()) return;
        state_ = to;
    }
    changed_(to);
    decided_.notify_all();
}

void Leadership::won() {
    turn({State::undecided, State::standing_by}, State::leading);
}

void Leadership::broker_is_away() {
    turn({State::undecided}, State::leading);
}

void Leadership::is_held_elsewhere() {
    turn({State::undecided}, State::standing_by);
}

void Leadership::was_stopped() {
    turn({State::leading}, State::undecided);
}

void Leadership::another_leads() {
    turn({State::undecided, State::standing_by, State::leading}, State::fenced);
}

}  // namespace verbatim::amqp
