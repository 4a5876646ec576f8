#include "domain/limits.hpp"
#include "domain/room_rules.hpp"

namespace verbatim::rules {
namespace {

bool is_full(const Room& room) {
    return room.members.size() >= room.max_members;
}

// Owners manage everyone, admins only plain members and strangers.
std::optional<Rule> unless_manages(const Room& room, UserId actor, UserId subject) {
    if (const auto rule = unless_manages_members(room, actor)) return rule;
    if (is_manager(room, subject) && !is_owner(room, actor)) return Rule::actor_is_not_owner;
    return std::nullopt;
}

bool makes_or_unmakes_manager(const Room& room, const PutMember& command) {
    if (!command.role) return false;
    return *command.role != MemberRole::member || is_manager(room, command.user);
}

RoomDecision add_member(const Room& room, const PutMember& command, const CommandContext& context) {
    if (is_full(room)) return failure(Rule::room_is_full);
    return record<RoomEvent>(MemberJoined{
        .user = command.user,
        .role = command.role.value_or(MemberRole::member),
        .added_by = context.actor,
        .link = std::nullopt});
}

RoomDecision change_role(const Room& room, UserId user, MemberRole role) {
    if (role_of(room, user) == role) return nothing<RoomEvent>();
    if (is_last_owner(room, user)) return failure(Rule::room_needs_an_owner);
    return record<RoomEvent>(MemberRoleChanged{.user = user, .role = role});
}

}  // namespace

RoomDecision join_room(const Room& room, const CommandContext& context) {
    // Past this guard, whoever is neither member nor banned was invited, or the room is public.
    if (const auto rule = unless_changeable(room, context.actor)) return failure(*rule);
    if (room.banned.contains(context.actor)) return failure(Rule::banned);
    if (is_member(room, context.actor)) return nothing<RoomEvent>();
    if (is_full(room)) return failure(Rule::room_is_full);
    return record<RoomEvent>(MemberJoined{
        .user = context.actor,
        .role = MemberRole::member,
        .added_by = std::nullopt,
        .link = std::nullopt});
}

RoomDecision leave_room(const Room& room, const CommandContext& context) {
    if (const auto rule = unless_changeable(room, context.actor)) return failure(*rule);
    if (!is_member(room, context.actor)) return failure(Rule::actor_is_not_member);
    const MemberLeft left{.user = context.actor};
    if (room.members.size() == 1) return record<RoomEvent>(left, RoomArchived{});
    if (is_last_owner(room, context.actor)) return failure(Rule::room_needs_an_owner);
    return record<RoomEvent>(left);
}

RoomDecision put_member(
    const Room& room,
    const RoomFacts& facts,
    const PutMember& command,
    const CommandContext& context
) {
    if (const auto rule = unless_manages_members(room, context.actor)) return failure(*rule);
    if (makes_or_unmakes_manager(room, command) && !is_owner(room, context.actor))
        return failure(Rule::actor_is_not_owner);
    if (room.banned.contains(command.user)) return failure(Rule::user_is_banned);
    if (!has_account(facts, command.user)) return failure(Rule::user_not_found);
    if (!is_member(room, command.user)) return add_member(room, command, context);
    if (!command.role) return nothing<RoomEvent>();
    return change_role(room, command.user, *command.role);
}

RoomDecision remove_member(
    const Room& room, const RemoveMember& command, const CommandContext& context
) {
    if (command.user == context.actor) return leave_room(room, context);
    if (const auto rule = unless_manages(room, context.actor, command.user)) return failure(*rule);
    if (!is_member(room, command.user)) return failure(Rule::user_is_not_member);
    // Only an owner removes an owner, and not itself: one always remains.
    return record<RoomEvent>(MemberRemoved{.user = command.user});
}

RoomDecision invite_user(
    const Room& room,
    const RoomFacts& facts,
    const InviteUser& command,
    const CommandContext& context
) {
    if (const auto rule = unless_manages_members(room, context.actor)) return failure(*rule);
    if (room.banned.contains(command.user)) return failure(Rule::user_is_banned);
    if (!has_account(facts, command.user)) return failure(Rule::user_not_found);
    if (is_member(room, command.user) || room.invited.contains(command.user))
        return nothing<RoomEvent>();
    if (room.invited.size() >= limits::invites_per_room_max)
        return failure(Rule::room_has_too_many_invites);
    return record<RoomEvent>(MemberInvited{.user = command.user});
}

RoomDecision revoke_invite(
    const Room& room, const RevokeInvite& command, const CommandContext& context
) {
    const bool declines = command.user == context.actor;
    const auto rule = declines ? unless_changeable(room, context.actor)
                               : unless_manages_members(room, context.actor);
    if (rule) return failure(*rule);
    if (!room.invited.contains(command.user)) return nothing<RoomEvent>();
    return record<RoomEvent>(MemberInviteRevoked{.user = command.user});
}

RoomDecision ban_user(
    const Room& room, const RoomFacts& facts, const BanUser& command, const CommandContext& context
) {
    if (const auto rule = unless_manages(room, context.actor, command.user)) return failure(*rule);
    if (!has_account(facts, command.user)) return failure(Rule::user_not_found);
    if (room.banned.contains(command.user)) return nothing<RoomEvent>();
    if (is_last_owner(room, command.user)) return failure(Rule::room_needs_an_owner);
    if (room.banned.size() >= limits::bans_per_room_max)
        return failure(Rule::room_has_too_many_bans);
    return record<RoomEvent>(MemberBanned{.user = command.user, .reason = command.reason});
}

RoomDecision unban_user(const Room& room, const UnbanUser& command, const CommandContext& context) {
    if (const auto rule = unless_manages_members(room, context.actor)) return failure(*rule);
    if (!room.banned.contains(command.user)) return nothing<RoomEvent>();
    return record<RoomEvent>(MemberUnbanned{.user = command.user});
}

}  // namespace verbatim::rules
