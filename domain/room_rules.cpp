#include "domain/room_rules.hpp"

#include <unordered_set>

namespace verbatim::rules {
namespace {

std::vector<UserId> distinct_others(const std::vector<UserId>& users, UserId actor) {
    std::vector<UserId> others;
    std::unordered_set<UserId> seen{actor};
    for (const UserId user : users)
        if (seen.insert(user).second) others.push_back(user);
    return others;
}

RoomCreated created_for_many(const CreateRoom& command) {
    return {
        .kind = command.kind,
        .name = command.name,
        .description = command.description,
        .alias = command.alias,
        .visibility = command.visibility,
        .history = command.history,
        .max_members = command.max_members,
        .direct_with = std::nullopt};
}

RoomCreated created_for_two(const CreateRoom& command, UserId other) {
    return {
        .kind = RoomKind::direct,
        .name = command.name,
        .description = command.description,
        .alias = std::nullopt,
        .visibility = Visibility::private_,
        .history = History::shared,
        .max_members = 2,
        .direct_with = other};
}

// What of `wanted` is not so yet.
template <class T>
Change<T> difference(const Change<T>& wanted, const T& current) {
    if (!wanted || *wanted == current) return std::nullopt;
    return wanted;
}

RoomUpdated differences(const UpdateRoom& wanted, const Room& room) {
    return {
        .name = difference(wanted.name, room.name),
        .description = difference(wanted.description, room.description),
        .alias = difference(wanted.alias, room.alias),
        .visibility = difference(wanted.visibility, room.visibility),
        .history = difference(wanted.history, room.history),
        .max_members = difference(wanted.max_members, room.max_members)};
}

}  // namespace

RoomDecision create_room(
    const Room& room,
    const RoomFacts& facts,
    const CreateRoom& command,
    const CommandContext& context
) {
    if (room.phase != Room::Phase::uncreated) return failure(Rule::room_already_exists);
    const bool is_direct = command.kind == RoomKind::direct;
    const auto others = distinct_others(command.members, context.actor);
    if (is_direct && others.size() != 1) return failure(Rule::direct_needs_one_other_member);
    for (const UserId user : others)
        if (!has_account(facts, user)) return failure(Rule::user_not_found);
    const RoomCreated created =
        is_direct ? created_for_two(command, others.front()) : created_for_many(command);
    if (created.alias && facts.alias_is_taken) return failure(Rule::alias_is_taken);
    if (1 + others.size() > created.max_members) return failure(Rule::room_is_full);

    // Both of a pair are owners: neither depends on the other.
    const MemberRole role = is_direct ? MemberRole::owner : MemberRole::member;
    std::vector<RoomEvent> events{created};
    for (const UserId user : others)
        events.emplace_back(MemberJoined{.user = user, .role = role, .added_by = context.actor});
    return events;
}

RoomDecision update_room(
    const Room& room,
    const RoomFacts& facts,
    const UpdateRoom& command,
    const CommandContext& context
) {
    if (const auto rule = unless_changeable(room, context.actor)) return failure(*rule);
    if (!is_member(room, context.actor)) return failure(Rule::actor_is_not_member);
    if (!is_manager(room, context.actor)) return failure(Rule::actor_may_not_manage_room);
    const RoomUpdated updated = differences(command, room);
    if (updated == RoomUpdated{}) return nothing<RoomEvent>();
    const bool claims_alias = updated.alias && *updated.alias;
    if (claims_alias && facts.alias_is_taken) return failure(Rule::alias_is_taken);
    if (updated.max_members && *updated.max_members < room.members.size())
        return failure(Rule::max_members_is_below_member_count);
    return record<RoomEvent>(updated);
}

RoomDecision archive_room(const Room& room, const CommandContext& context) {
    // "Already so" comes early for once: an archived room would refuse it.
    if (room.phase == Room::Phase::archived && is_owner(room, context.actor))
        return nothing<RoomEvent>();
    if (const auto rule = unless_changeable(room, context.actor)) return failure(*rule);
    if (!is_member(room, context.actor)) return failure(Rule::actor_is_not_member);
    if (!is_owner(room, context.actor)) return failure(Rule::actor_is_not_owner);
    return record<RoomEvent>(RoomArchived{});
}

}  // namespace verbatim::rules
