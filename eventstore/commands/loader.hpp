#pragma once

#include "eventstore/commands/recall.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace verbatim {

struct Loaded {
    AggregateKey key;
    StoreResult<AnyRecalled> recalled;
};

// The load thread: folds cold aggregates from the durable log and keeps snapshots, aggregates
// first. Threads: any.
class Loader {
public:
    // `log` must outlive it. `deliver` is called on the load thread.
    Loader(EventLog& log, std::function<void(Loaded)> deliver);
    // Stops as stop() does.
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    // Requires: not asked for already and not yet delivered.
    void load(const AggregateKey& key);
    // A hint: nothing happens when the stream is waiting already, or too many are.
    void keep_snapshot(const StreamId& stream);
    // Drops what was not begun, and joins the thread.
    void stop();

private:
    void run();

    EventLog& log_;
    const std::function<void(Loaded)> deliver_;
    std::mutex mutex_;
    std::condition_variable work_came_;
    std::deque<AggregateKey> loads_;
    std::unordered_set<StreamId> snapshots_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace verbatim
