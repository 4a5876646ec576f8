#include "domain/limits.hpp"
#include "domain/room_rules.hpp"

namespace verbatim::rules {

RoomDecision create_invite_link(
    const Room& room, const CreateInviteLink& command, const CommandContext& context
) {
    if (const auto rule = unless_manages_members(room, context.actor)) return failure(*rule);
    if (room.links.contains(command.link)) return nothing<RoomEvent>();
    std::size_t live = 0;
    for (const auto& [id, link] : room.links) live += is_live(link, context.now) ? 1 : 0;
    if (live >= limits::invite_links_per_room_max)
        return failure(Rule::room_has_too_many_invite_links);
    return record<RoomEvent>(InviteLinkCreated{
        .link = command.link,
        .code_hash = command.code_hash,
        .max_uses = command.max_uses,
        .expires_at = command.expires_at});
}

RoomDecision revoke_invite_link(
    const Room& room, const RevokeInviteLink& command, const CommandContext& context
) {
    if (const auto rule = unless_manages_members(room, context.actor)) return failure(*rule);
    // One that has ended by itself may be gone already: that it works no more is already so.
    if (!room.links.contains(command.link)) return nothing<RoomEvent>();
    return record<RoomEvent>(InviteLinkRevoked{.link = command.link});
}

RoomDecision join_by_link(
    const Room& room, const JoinByLink& command, const CommandContext& context
) {
    // Who has the code may know of the room, also of a private one.
    if (room.phase == Room::Phase::uncreated) return failure(Rule::room_not_found);
    if (room.phase == Room::Phase::archived) return failure(Rule::room_is_archived);
    if (room.banned.contains(context.actor)) return failure(Rule::banned);
    if (is_member(room, context.actor)) return nothing<RoomEvent>();
    const auto link = room.links.find(command.link);
    if (link == room.links.end() || !is_live(link->second, context.now))
        return failure(Rule::invite_link_has_ended);
    if (room.members.size() >= room.max_members) return failure(Rule::room_is_full);
    return record<RoomEvent>(MemberJoined{
        .user = context.actor,
        .role = MemberRole::member,
        .added_by = std::nullopt,
        .link = command.link});
}

}  // namespace verbatim::rules
