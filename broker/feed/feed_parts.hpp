#pragma once

#include "broker/signal.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "eventstore/event_log.hpp"
#include "projections/views.hpp"
#include "protocol/audit_reads.hpp"
#include "protocol/authenticator.hpp"
#include "protocol/command_key.hpp"
#include "protocol/leader.hpp"
#include "protocol/metrics.hpp"
#include "protocol/rate_limits.hpp"
#include "protocol/uploads.hpp"
#include "protocol/work_pool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::feed {

// What the feed works with. All of it outlives the FeedServer.
struct FeedParts {
    const EventLog& log;
    const Views& views;  // never behind what is announced
    const Authenticator& authenticator;
    const CommandKeys& command_keys;
    Sequencer& sequencer;
    AuditReads& audit_reads;
    Uploads& uploads;
    WorkPool& file_pool;
    RateLimits& rate_limits;
    Metrics& metrics;
    std::function<Timestamp()> clock;  // feed thread
    std::function<Uuid()> new_uuid;    // UUIDv7; feed thread
    // The client's address, from the peer's and X-Forwarded-For (empty: none).
    std::function<std::string(const std::string& peer, const std::string& forwarded_for)>
        client_address;
    // On a follower, whom commands are handed over to; nullptr on a leader.
    Leader* leader = nullptr;
    // An operating failure that a feed met, for the log. Any thread; may be empty.
    std::function<void(const std::string& what)> report;
    // Tells the other nodes of this log what is never logged. Feed thread; must not block. Empty:
    // there are none.
    std::function<void(const Signal&)> tell_others = {};
};

struct FeedOptions {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 8081;  // 0: any free one
    std::size_t sessions_max = 12'000;
    // Values of `Origin` that browsers may come from besides the same host; "*": any.
    std::vector<std::string> origins;
    std::chrono::milliseconds heartbeat = std::chrono::seconds(limits::feed_heartbeat_seconds);
    // How often pings, expired tokens and overdue handshakes are looked for.
    std::chrono::milliseconds sweep = std::chrono::seconds(1);
    std::chrono::milliseconds cursor_wait = std::chrono::seconds(limits::feed_cursor_wait_seconds);
    // Of the socket's send buffer; 0: the system's own way.
    int send_buffer_bytes = 0;
    // Time for what is never logged, typing and presence. Feed thread; must not go back.
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

}  // namespace verbatim::feed
