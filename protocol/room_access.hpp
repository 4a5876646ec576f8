#pragma once

#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <vector>

namespace verbatim {

// What a user may see of a room, as the views show it now. A private room that the user is neither
// member of, nor invited to, nor banned from does not exist for it: 404 room_not_found.
struct RoomAccess {
    RoomRow room;
    RoomHead head;
    std::optional<MemberRow> membership;
    bool invited = false;
    // The pieces of the room's sequence whose messages and events it may read: nullopt is all;
    // empty is none.
    std::optional<std::vector<SeqSpan>> readable;

    [[nodiscard]] bool shows(Version seq) const;
};
[[nodiscard]] Answer<RoomAccess> room_access(
    const Views& views, const RoomId& room, const UserId& user
);
// The same, but only for members: 403 actor_is_not_member otherwise.
[[nodiscard]] Answer<RoomAccess> member_access(
    const Views& views, const RoomId& room, const UserId& user
);
// Whether the message or event `seq` is within what the user may read.
[[nodiscard]] bool may_read(const RoomAccess& access, Version seq);
// Those of `seqs` that are within `readable`; nullopt is all.
[[nodiscard]] std::vector<Version> readable_of(
    std::vector<Version> seqs, const std::optional<std::vector<SeqSpan>>& readable
);
// The pieces that a member of the room may read; nullopt is all.
[[nodiscard]] Answer<std::optional<std::vector<SeqSpan>>> readable_by_member(
    const Views& views, const RoomRow& room, const UserId& member
);

}  // namespace verbatim
