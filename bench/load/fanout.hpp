#pragma once

#include "bench/load/client.hpp"
#include "bench/load/statistics.hpp"

#include <string>
#include <vector>

namespace bench {

struct FanoutResult {
    std::uint64_t deliveries = 0;  // event frames read within the measured time
    std::uint64_t sent = 0;
    std::uint64_t errors = 0;  // closed feeds, failed sends: they void a run
    double seconds = 0;
    Histogram latency;  // send written to frame read, microseconds; every delivery of open loop
};

struct FanoutPlan {
    std::size_t feeds = 1000;
    double seconds = 30;
    double warm_up_seconds = 3;
    // Sends a second, open loop; 0: as fast as the slowest feed follows, `window` sends ahead.
    double rate = 0;
    std::size_t window = 128;
    // Feeds that resume the whole room from its beginning, reading 1 KiB a second each.
    std::size_t slow_readers = 0;
};

// Feeds of one room, spread over `readers`' tokens, and senders over REST. One thread, epoll.
[[nodiscard]] FanoutResult run_fanout(
    const Target& target,
    const FanoutPlan& plan,
    const std::vector<User>& readers,
    const User& sender,
    const std::string& room
);

// Opens `count` feeds, waits until each said caught_up, and keeps them for `seconds`.
void hold_feeds(
    const Target& target, std::size_t count, const std::vector<User>& readers, double seconds
);

}  // namespace bench
