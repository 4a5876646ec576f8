#include "api/position_waiters.hpp"

#include "domain/limits.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace verbatim::api {

namespace {

using Clock = std::chrono::steady_clock;

struct Waiter {
    Position wanted;
    Clock::time_point deadline;
    std::function<void(bool)> callback;
};

}  // namespace

struct PositionWaiters::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<Waiter> waiting;
    std::atomic<std::uint64_t> shown{0};
    std::atomic<std::size_t> count{0};
    bool stopping = false;
    std::jthread thread;

    [[nodiscard]] bool is_done(const Waiter& waiter, Clock::time_point now) const {
        return waiter.wanted.value() <= shown.load() || waiter.deadline <= now || stopping;
    }

    [[nodiscard]] Clock::time_point earliest_deadline() const {
        return std::min_element(
                   waiting.begin(),
                   waiting.end(),
                   [](const Waiter& a, const Waiter& b) { return a.deadline < b.deadline; }
        )->deadline;
    }

    // The waiters that are through, taken out.
    std::vector<Waiter> take_done() {
        const auto now = Clock::now();
        const auto first_done = std::partition(
            waiting.begin(), waiting.end(), [&](const Waiter& w) { return !is_done(w, now); }
        );
        std::vector<Waiter> done(
            std::make_move_iterator(first_done), std::make_move_iterator(waiting.end())
        );
        waiting.erase(first_done, waiting.end());
        count = waiting.size();
        return done;
    }

    void run() {
        std::unique_lock lock(mutex);
        while (!stopping) {
            const std::vector<Waiter> done = take_done();
            if (done.empty()) {
                if (waiting.empty())
                    wake.wait(lock);
                else
                    wake.wait_until(lock, earliest_deadline());
                continue;
            }
            lock.unlock();
            for (const Waiter& waiter : done)
                waiter.callback(waiter.wanted.value() <= shown.load());
            lock.lock();
        }
    }
};

PositionWaiters::PositionWaiters(Position shown) : state_(std::make_unique<State>()) {
    state_->shown = shown.value();
    state_->thread = std::jthread([state = state_.get()] { state->run(); });
}

PositionWaiters::~PositionWaiters() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    state_->thread.join();
    for (const Waiter& waiter : state_->take_done()) waiter.callback(false);
}

void PositionWaiters::advanced(Position shown) {
    state_->shown = shown.value();
    if (state_->count == 0) return;
    const std::lock_guard lock(state_->mutex);
    state_->wake.notify_all();
}

void PositionWaiters::wait(
    Position wanted, std::chrono::milliseconds patience, std::function<void(bool)> callback
) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->waiting.size() < limits::position_waiters_max && !state_->stopping) {
            state_->waiting.push_back({wanted, Clock::now() + patience, std::move(callback)});
            state_->count = state_->waiting.size();
            state_->wake.notify_all();
            return;
        }
    }
    callback(wanted.value() <= state_->shown.load());
}

}  // namespace verbatim::api
