#pragma once

#include "bench/load/client.hpp"
#include "bench/load/feed.hpp"
#include "bench/load/http_load.hpp"
#include "bench/load/statistics.hpp"

#include <string>
#include <vector>

namespace bench {

struct TypingPlan {
    double seconds = 30;
    double warm_up_seconds = 3;
    double sends_per_second = 100;  // open loop
    double typing_per_second = 0;   // frames of each feed; 0: nobody types
};

struct TypingResult {
    Histogram latency;             // request written to answer read, microseconds
    std::uint64_t typed = 0;       // typing frames that were sent
    std::uint64_t told = 0;        // frames of all types that the feeds read
    std::uint64_t errors = 0;      // closed feeds, failed sends, full sockets: they void a run
    std::uint64_t late_sends = 0;  // found every connection waiting for its answer
};

// A crowd that types: feed i says in `rooms[i % rooms.size()]` that its user types, and that it
// does not, by turns: the most that can be told of it. Meanwhile one sender is timed in `rooms[0]`,
// on a thread of its own: what the generator has to do for a thousand clients is not the server's.
class TypingRun {
public:
    TypingRun(
        const Target& target,
        std::vector<std::unique_ptr<Feed>>& feeds,
        const std::vector<std::string>& rooms,
        const User& sender
    );
    ~TypingRun();
    TypingRun(const TypingRun&) = delete;
    TypingRun& operator=(const TypingRun&) = delete;

    // Reads until nothing has come for `seconds`: presence of those who came, and what was typed.
    void settle(double seconds);
    [[nodiscard]] TypingResult run(const TypingPlan& plan);

private:
    void read_feeds(int timeout_ms);
    void type_until(std::int64_t end, double typing_per_second, TypingResult& result);
    void send_until(std::int64_t end, const TypingPlan& plan, TypingResult& result);

    std::vector<std::unique_ptr<Feed>>& feeds_;
    std::vector<std::string> begins_;  // by room
    std::vector<std::string> ends_;
    std::string request_;
    int feed_poll_;
    int send_poll_;
    std::vector<HttpConnection> connections_;
    std::uint64_t closed_ = 0;
};

}  // namespace bench
