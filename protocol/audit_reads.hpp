#pragma once

#include "domain/limits.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "protocol/problem.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace verbatim {

// Auditors are audited: what an auditor or admin reads by right of its role alone is an event in
// its own stream, `audit.read`, before it is read. One event stands for all reads of the same user,
// kind (`what`) and room within limits::audit_read_interval_ms; a restart begins anew.
//
// Threads:  any.
// Promise:  no read goes on that is not covered by a durable event. A node that takes no commands
//           (full disk, declared loss, …) refuses those that are not covered yet.
// Lifetime: must outlive the sequencer that `submit` gives commands to.
class AuditReads {
public:
    using Clock = std::chrono::steady_clock;
    struct Options {
        std::function<void(Submission, CommandCallback)> submit;
        std::function<Uuid()> new_uuid;                       // UUIDv7; from any thread
        std::function<Clock::time_point()> now = Clock::now;  // must not go back
        std::size_t remembered_max = 65'536;
    };
    // Called once: without an error when the read may go on; else with the problem with which the
    // event was refused. On the caller's thread, or on the one that answers commands; must not
    // block.
    using Callback = std::function<void(Answer<void>)>;

    explicit AuditReads(Options options);
    AuditReads(const AuditReads&) = delete;
    AuditReads& operator=(const AuditReads&) = delete;

    // `what`: one of a closed list, as "GET /api/v1/events": the method and the route's pattern.
    void record(const UserId& user, std::string what, std::optional<RoomId> room, Callback done);

    [[nodiscard]] std::size_t remembered() const;

private:
    using Key = std::tuple<UserId, std::string, std::optional<RoomId>>;
    struct Read {
        bool is_recorded = false;
        Clock::time_point since;        // when it was asked for
        std::vector<Callback> waiting;  // until it is recorded: requests in flight
    };

    void forget_old(Clock::time_point now);
    void is_answered(const Key& key, const CommandResult& result);

    const Options options_;
    mutable std::mutex mutex_;
    std::map<Key, Read> reads_;
    std::deque<Key> recorded_;  // the keys of recorded reads, oldest first
};

}  // namespace verbatim
