#pragma once

#include "domain/ids.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace verbatim::feed {

// Who is online: whoever has a feed open, and for limits::presence_grace_ms after the last one
// closed. Ephemeral: after a restart everybody comes anew.
//
// What changed is told in batches, by tell(): a user's change at most once in each, a bounded
// number of frames in each, in the order in which people came and went; one who is back before it
// was told is not told about. Who reconnects within the grace is no change at all, and costs
// nothing.
//
// Threads:  is_online() from any; all else by one thread.
class Presence {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Clocks {
        std::function<Time()> steady;     // must not go back
        std::function<Timestamp()> wall;  // for last_seen_at
    };
    explicit Presence(Clocks clocks) : clocks_(std::move(clocks)) {}

    void opened(const UserId& user);
    // Requires: as many were opened.
    void closed(const UserId& user);

    struct Change {
        UserId user;
        bool online = false;
        Timestamp last_seen_at;  // when it came, or when its last feed closed
    };
    // Calls `tell` for each change that is due, until it has answered that so many frames were
    // handed out; the rest waits for the next call. To be called about every second.
    void tell(std::size_t deliveries_max, const std::function<std::size_t(const Change&)>& tell);

    [[nodiscard]] bool is_online(const UserId& user) const;

private:
    struct State {
        std::size_t feeds = 0;
        bool online = false;   // grace included
        bool told = false;     // as what
        bool waiting = false;  // in changed_
        Timestamp last_seen_at;
        Time closed_at;  // the last feed
    };
    struct Leaving {
        UserId user;
        Time closed_at;
    };

    // Requires: mutex_ is held.
    void turn(const UserId& user, State& state, bool online);
    void end_graces();
    [[nodiscard]] std::optional<Change> next_change();

    const Clocks clocks_;
    mutable std::mutex mutex_;  // of all below; only is_online() comes from other threads
    std::unordered_map<UserId, State> users_;
    std::deque<Leaving> leaving_;  // by closed_at; some are back meanwhile
    std::deque<UserId> changed_;
};

}  // namespace verbatim::feed
