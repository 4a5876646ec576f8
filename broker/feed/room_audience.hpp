#pragma once

#include "eventstore/event_record.hpp"

#include <optional>

namespace verbatim::feed {

// What a room's event does to who receives the room's events.
struct RoomAudience {
    std::optional<UserId> joins{};    // receives from this event on, inclusive
    std::optional<UserId> parts{};    // receives up to this event, inclusive
    std::optional<UserId> subject{};  // receives this one, member or not
};
// Requires: a room's event.
[[nodiscard]] RoomAudience audience_of(const RecordedEvent& event);

}  // namespace verbatim::feed
