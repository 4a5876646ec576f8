#pragma once

#include "eventstore/event_log.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace verbatim {

// Reads and decodes the log ahead of its one consumer, on a thread of its own, by a bounded number
// of bounded batches. Sees the log as it is when it begins. Private to the views.
class LogReader {
public:
    using Batch = std::vector<RecordedEvent>;

    // From `after` (exclusive) on. `log` must outlive it.
    LogReader(const EventLog& log, Position after);
    ~LogReader();
    LogReader(const LogReader&) = delete;
    LogReader& operator=(const LogReader&) = delete;

    // Empty at the end of the log. Errors: those of reading it; nothing comes after one.
    [[nodiscard]] StoreResult<Batch> next();

private:
    void read(const EventLog& log, Position after);
    [[nodiscard]] static StoreResult<Batch> next_of(EventCursor& cursor);
    [[nodiscard]] bool hand_over(StoreResult<Batch> batch);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<StoreResult<Batch>> waiting_;
    bool is_stopped_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace verbatim
