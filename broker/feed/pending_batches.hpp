#pragma once

#include "eventstore/commit_listener.hpp"
#include "eventstore/event_log.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace verbatim::feed {

// Events between the sequencer's writer thread and the hub, in order and without gap. Bounded: what
// does not fit is forgotten and read again from the log when its turn comes.
//
// Threads: add() from any; next() and skip_to() by one.
class PendingBatches {
public:
    // Events after `position` come out; `events_max` are held.
    PendingBatches(const EventLog& log, Position position, std::size_t events_max)
        : log_(log), taken_(position), announced_(position), events_max_(events_max) {}

    // True: the reader sleeps and must be woken.
    [[nodiscard]] bool add(const std::shared_ptr<const CommittedBatch>& batch);

    // The next event; nullptr when there is none, and the reader sleeps from then on. Valid until
    // the next call. Errors: those of the log.
    [[nodiscard]] StoreResult<const RecordedEvent*> next();
    // Goes on after everything that has been announced. Returns its position.
    Position skip_all();

private:
    [[nodiscard]] StoreResult<const RecordedEvent*> next_from_log();

    const EventLog& log_;
    // The reader's.
    std::shared_ptr<const CommittedBatch> batch_;
    std::size_t index_ = 0;
    Position taken_;
    std::unique_ptr<EventCursor> cursor_;
    std::optional<RecordedEvent> read_;

    std::mutex mutex_;
    std::deque<std::shared_ptr<const CommittedBatch>> batches_;
    std::size_t events_ = 0;  // in batches_
    Position announced_;
    bool forgetting_ = false;  // since something did not fit, until the reader has caught up
    bool awake_ = false;
    const std::size_t events_max_;
};

}  // namespace verbatim::feed
