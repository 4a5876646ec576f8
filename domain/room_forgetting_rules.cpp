#include "domain/room_rules.hpp"

#include <algorithm>
#include <utility>

// What leaves a room because of its age, or because its author is forgotten. The server's own
// commands: no door lets anyone else give them.
namespace verbatim::rules {
namespace {

// Admins before members, and among them whoever has been there longest.
std::pair<int, Version> seniority(const Member& member) {
    return {member.role == MemberRole::admin ? 0 : 1, member.joined};
}

// Requires: somebody else is a member.
UserId successor_of(const Room& room, UserId last_owner) {
    auto first = room.members.end();
    for (auto member = room.members.begin(); member != room.members.end(); ++member) {
        if (member->first == last_owner) continue;
        if (first == room.members.end() || seniority(member->second) < seniority(first->second))
            first = member;
    }
    return first->first;
}

}  // namespace

RoomDecision drop_erased(const Room& room, const DropErased& command) {
    if (room.phase == Room::Phase::uncreated) return failure(Rule::room_not_found);
    if (room.invited.contains(command.user))
        return record<RoomEvent>(MemberInviteRevoked{.user = command.user});
    if (!is_member(room, command.user)) return nothing<RoomEvent>();
    const MemberLeft left{.user = command.user};
    if (room.members.size() == 1 && room.phase == Room::Phase::open)
        return record<RoomEvent>(left, RoomArchived{});
    if (room.members.size() == 1 || !is_last_owner(room, command.user))
        return record<RoomEvent>(left);
    return record<RoomEvent>(
        MemberRoleChanged{.user = successor_of(room, command.user), .role = MemberRole::owner}, left
    );
}

RoomDecision set_retention(
    const Room& room, const SetRetention& command, const CommandContext& context
) {
    if (room.phase == Room::Phase::uncreated) return failure(Rule::room_not_found);
    if (!command.is_by_admin) {
        if (const auto rule = unless_open(room, context.actor)) return failure(*rule);
        if (!is_member(room, context.actor)) return failure(Rule::actor_is_not_member);
        if (!is_owner(room, context.actor)) return failure(Rule::actor_is_not_owner);
    }
    if (room.retention_days == command.days) return nothing<RoomEvent>();
    return record<RoomEvent>(RetentionChanged{.days = command.days});
}

RoomDecision expire_contents(
    const Room& room, const RoomFacts& facts, const ExpireContents& command
) {
    if (room.phase == Room::Phase::uncreated) return failure(Rule::room_not_found);
    if (facts.is_held) return failure(Rule::is_held);
    if (command.up_to <= room.expired_to) return nothing<RoomEvent>();
    return record<RoomEvent>(ContentsExpired{.up_to = command.up_to});
}

}  // namespace verbatim::rules
