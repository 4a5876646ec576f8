#include "broker/feed/pending_batches.hpp"

#include "domain/invariant.hpp"

namespace verbatim::feed {

bool PendingBatches::add(const std::shared_ptr<const CommittedBatch>& batch) {
    const std::lock_guard lock(mutex_);
    announced_ = batch->events.back().position;
    if (!forgetting_ && (events_ == 0 || events_ + batch->events.size() <= events_max_)) {
        batches_.push_back(batch);
        events_ += batch->events.size();
    } else {
        forgetting_ = true;
    }
    const bool slept = !awake_;
    awake_ = true;
    return slept;
}

StoreResult<const RecordedEvent*> PendingBatches::next() {
    while (true) {
        while (batch_ && index_ < batch_->events.size()) {
            const RecordedEvent& event = batch_->events[index_++];
            if (event.position <= taken_) continue;  // it was read from the log before
            invariant(event.position == taken_.next(), "announcements leave no gap");
            taken_ = event.position;
            return &event;
        }
        batch_.reset();
        index_ = 0;
        const std::lock_guard lock(mutex_);
        if (!batches_.empty()) {
            batch_ = std::move(batches_.front());
            batches_.pop_front();
            events_ -= batch_->events.size();
            cursor_.reset();
            continue;
        }
        if (taken_ < announced_) break;
        forgetting_ = false;
        awake_ = false;
        cursor_.reset();
        read_.reset();
        return nullptr;
    }
    return next_from_log();
}

StoreResult<const RecordedEvent*> PendingBatches::next_from_log() {
    for (int attempt = 0; attempt < 2; ++attempt) {
        // A cursor ends where the log ended when it was made: the second one sees the rest.
        if (!cursor_) cursor_ = log_.read_all(taken_);
        auto event = cursor_->next();
        if (!event) {
            cursor_.reset();
            return failure(event.error());
        }
        if (*event) {
            read_ = std::move(*event);
            taken_ = read_->position;
            return &*read_;
        }
        cursor_.reset();
    }
    return failure(StoreError{
        .fault = StoreFault::missing_record,
        .position = taken_.next(),
        .detail = "it was announced, but the log does not show it"});
}

Position PendingBatches::skip_all() {
    const std::lock_guard lock(mutex_);
    batch_.reset();
    index_ = 0;
    batches_.clear();
    events_ = 0;
    cursor_.reset();
    taken_ = announced_;
    return taken_;
}

}  // namespace verbatim::feed
