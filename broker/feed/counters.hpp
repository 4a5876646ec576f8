#pragma once

#include <atomic>
#include <cstdint>

namespace verbatim::feed {

// A figure that one thread changes and any may read: no locked instruction per change.
class Counter {
public:
    void add(std::uint64_t count) {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t count) {
        value_.store(value_.load(std::memory_order_relaxed) - count, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

// Changed by the feed thread only.
struct FeedCounters {
    Counter frames_encoded;  // events made into a frame, once for all who receive it
    Counter deliveries;      // event frames handed to a session
    Counter writes;          // system calls that sent something
    Counter backlog_bytes;   // queued for all sockets
    Counter sessions;        // open connections
};

}  // namespace verbatim::feed
