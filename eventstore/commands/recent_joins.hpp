#pragma once

#include "eventstore/event_record.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace verbatim {

// Who came into which room lately: what somebody who has looked the rooms of a user up did not see
// yet when the command is decided that goes by them. Bounded, the oldest going first.
// Threads: one.
class RecentJoins {
public:
    static constexpr std::size_t joins_max = 16'384;

    // Nothing is known of what was before `since`, inclusive.
    explicit RecentJoins(Position since) : known_since_(since) {}

    // Requires: called for every event, in order.
    void note(const RecordedEvent& event);
    // The rooms that `user` came into after `since`; nullopt: that is not known any more.
    [[nodiscard]] std::optional<std::vector<RoomId>> of(const UserId& user, Position since) const;

private:
    struct Join {
        Position position;
        UserId user;
        RoomId room;
    };
    std::deque<Join> joins_;  // by position
    Position known_since_;
};

}  // namespace verbatim
