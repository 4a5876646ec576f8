#include "eventstore/commands/exchange.hpp"

#include "domain/invariant.hpp"

#include <utility>

namespace verbatim {

std::optional<CommandError> Exchange::submit(Job& job) {
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        if (auto why_not = reason()) {
            CommandError error = command_error(CommandFault::not_taking_commands);
            error.reason = std::move(*why_not);
            return error;
        }
        if (queued() >= queue_max_) return command_error(CommandFault::queue_is_full);
        queued_.fetch_add(1, std::memory_order_relaxed);
        was_empty = inbox_.empty();
        inbox_.push_back(std::move(job));
    }
    if (was_empty) decider_.notify_one();
    return std::nullopt;
}

void Exchange::pause(std::string reason) {
    const std::lock_guard lock(mutex_);
    paused_ = std::move(reason);
}

void Exchange::resume() {
    const std::lock_guard lock(mutex_);
    paused_.reset();
}

std::optional<std::string> Exchange::pause_reason() const {
    const std::lock_guard lock(mutex_);
    return reason();
}

std::optional<std::string> Exchange::reason() const {
    if (failed_) return "restart_required";
    if (draining_) return "draining";
    return paused_;
}

void Exchange::tick() {
    {
        const std::lock_guard lock(mutex_);
        if (reason()) return;
        ticked_ = true;
    }
    decider_.notify_one();
}

void Exchange::drain() {
    {
        const std::lock_guard lock(mutex_);
        draining_ = true;
    }
    decider_.notify_one();
}

void Exchange::deliver(Loaded loaded) {
    {
        const std::lock_guard lock(mutex_);
        loaded_.push_back(std::move(loaded));
    }
    decider_.notify_one();
}

bool Exchange::may_go_on(Waiting waiting) const {
    if (failed_ && !failure_was_told_) return true;
    const bool is_full = offered_ != nullptr && offered_->answers.size() >= batch_commands_max_;
    if (is_full) return false;
    if (waiting == Waiting::not_at_all || !inbox_.empty() || !loaded_.empty() || ticked_)
        return true;
    return waiting == Waiting::for_anything && draining_;
}

Exchange::Arrivals Exchange::take(Waiting waiting, std::vector<Job> spare) {
    Arrivals arrivals;
    arrivals.jobs = std::move(spare);
    std::unique_lock lock(mutex_);
    decider_.wait(lock, [&] { return may_go_on(waiting); });
    // While commands wait to be decided the inbox waits too: they came first.
    if (waiting != Waiting::not_at_all) arrivals.jobs.swap(inbox_);
    arrivals.loaded.swap(loaded_);
    arrivals.failed = failed_ && !std::exchange(failure_was_told_, failed_);
    arrivals.ticked = std::exchange(ticked_, false);
    arrivals.may_write = !failed_ && !paused_;
    arrivals.drained = draining_ && waiting == Waiting::for_anything && arrivals.jobs.empty() &&
                       arrivals.loaded.empty() && !arrivals.ticked;
    if (!arrivals.drained) arrivals.batch = std::move(offered_);
    return arrivals;
}

void Exchange::offer(std::unique_ptr<Batch> batch) {
    {
        const std::lock_guard lock(mutex_);
        invariant(offered_ == nullptr, "one batch is formed at a time");
        if (!writer_is_idle_) {
            offered_ = std::move(batch);
            return;
        }
        // Given for good: if it could be taken back, a busy decide thread might take it back each
        // time before the write thread woke up.
        given_ = std::move(batch);
        writer_is_idle_ = false;
    }
    writer_.notify_one();
}

void Exchange::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    writer_.notify_one();
}

std::unique_ptr<Batch> Exchange::next_batch() {
    std::unique_lock lock(mutex_);
    if (offered_ == nullptr && given_ == nullptr) {
        writer_is_idle_ = true;
        writer_.wait(lock, [this] { return given_ != nullptr || offered_ != nullptr || closed_; });
        writer_is_idle_ = false;
    }
    if (given_ != nullptr) return std::move(given_);
    auto batch = std::move(offered_);
    lock.unlock();
    // The decide thread may wait for a full batch to go, for no other.
    const bool was_full = batch != nullptr && batch->answers.size() >= batch_commands_max_;
    if (was_full) decider_.notify_one();
    return batch;
}

void Exchange::fail() {
    {
        const std::lock_guard lock(mutex_);
        failed_ = true;
    }
    decider_.notify_one();
}

bool Exchange::has_failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

}  // namespace verbatim
