#pragma once

#include "eventstore/event_log.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// Messages of several rooms as they are served, in the order of their positions, joined by commas.
struct MessagesPage {
    std::string items;
    std::string my_reactions;      // {<room_id>: {<seq>: [emoji]}}
    std::optional<Position> next;  // what to go on after; nullopt: there are no more
};

// The oldest `limit` messages with positions after `after` (exclusive) of all rooms of which `user`
// is a member now, each room as far as its history setting lets the user read. Deleted ones are
// there, emptied. Shows the state at one position: nothing that is committed meanwhile makes the
// page skip what is older. Reads one room at a time and keeps `limit` places, however many rooms
// there are.
[[nodiscard]] Answer<MessagesPage> messages_of_user(
    const Views& views, const EventLog& log, const UserId& user, Position after, std::size_t limit
);

// {<seq>: [emoji]}: the user's own reactions to the messages of one room that have any at all.
[[nodiscard]] Answer<std::string> my_reactions_json(
    const Views& views,
    const RoomId& room,
    const std::vector<Version>& with_reactions,
    const UserId& user
);
// The same by whatever tells them; messages without any are left out.
[[nodiscard]] Answer<std::string> reactions_json(
    const std::vector<Version>& messages_with_reactions,
    const std::function<StoreResult<std::vector<std::string>>(Version)>& emoji_of
);

}  // namespace verbatim
