#pragma once

#include "eventstore/event_log.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// A room after the event at `moment.position` and before the next, as somebody may look back at it.
struct PastRoom {
    RoomRow room;  // as it then was
    RoomMoment moment;
    std::optional<MemberRow> membership;  // the asker's, then
    // The pieces of the room's sequence whose messages the asker may read; nullopt is all.
    std::optional<std::vector<SeqSpan>> readable;
    bool shows_deleted_since = false;  // to auditors
};
// Who may look: auditors, and who is a member now; where the room's history is `since_join` now,
// only at what was while it was a member. Requires: `as_of` is not beyond the views' position.
// Errors: 404 room_not_found (also: not yet), 403 actor_is_not_member, 403 not_a_member_then.
[[nodiscard]] Answer<PastRoom> past_room(
    const Views& views, const EventLog& log, const RoomId& room, const UserId& user, Position as_of
);

// What is committed later never changes these answers, but for texts that are deleted or destroyed.

// The contract's `room`. `my` is null where the asker was no member then.
[[nodiscard]] Answer<std::string> past_room_json(
    const Views& views, const EventLog& log, const PastRoom& past
);
[[nodiscard]] StoreResult<TimelinePage> past_messages(
    const Views& views, const EventLog& log, const PastRoom& past, const PageRequest& page
);
// {<seq>: [emoji]}: the user's own reactions then, to messages that had any at all.
[[nodiscard]] Answer<std::string> past_reactions_json(
    const Views& views,
    const PastRoom& past,
    const std::vector<Version>& with_reactions,
    const UserId& user
);

// Items joined by commas.
struct PastItems {
    std::string items;
    // What to go on after. The page may have fewer than were asked for, even none, and yet not be
    // the last: it looks at a bounded number of those who were ever members.
    std::optional<UserId> next;
};
// {user_id, username, display_name, role, joined_at, online}, by user id; `online` is null: who had
// a feed open is not recorded.
[[nodiscard]] Answer<PastItems> past_members(
    const Views& views,
    const EventLog& log,
    const PastRoom& past,
    const UserId& after,
    std::size_t limit
);
// {user_id, up_to, at}, by user id.
[[nodiscard]] Answer<PastItems> past_receipts(
    const Views& views, const PastRoom& past, const UserId& after, std::size_t limit
);

}  // namespace verbatim
