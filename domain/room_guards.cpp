#include "domain/room_rules.hpp"

#include <algorithm>

namespace verbatim {

bool may_know_of(const Room& room, UserId actor) {
    if (room.phase == Room::Phase::uncreated) return false;
    if (room.visibility == Visibility::public_) return true;
    return room.members.contains(actor) || room.invited.contains(actor) ||
           room.banned.contains(actor);
}

}  // namespace verbatim

namespace verbatim::rules {

std::optional<Rule> unless_open(const Room& room, UserId actor) {
    if (!may_know_of(room, actor)) return Rule::room_not_found;
    if (room.phase == Room::Phase::archived) return Rule::room_is_archived;
    return std::nullopt;
}

std::optional<Rule> unless_changeable(const Room& room, UserId actor) {
    if (const auto rule = unless_open(room, actor)) return rule;
    if (room.kind == RoomKind::direct) return Rule::room_is_direct;
    return std::nullopt;
}

std::optional<Rule> unless_member(const Room& room, UserId actor) {
    if (const auto rule = unless_open(room, actor)) return rule;
    if (!is_member(room, actor)) return Rule::actor_is_not_member;
    return std::nullopt;
}

std::optional<Rule> unless_manages_members(const Room& room, UserId actor) {
    if (const auto rule = unless_changeable(room, actor)) return rule;
    if (!is_member(room, actor)) return Rule::actor_is_not_member;
    if (!is_manager(room, actor)) return Rule::actor_may_not_manage_members;
    return std::nullopt;
}

std::optional<MemberRole> role_of(const Room& room, UserId user) {
    const auto member = room.members.find(user);
    if (member == room.members.end()) return std::nullopt;
    return member->second.role;
}

bool is_member(const Room& room, UserId user) {
    return room.members.contains(user);
}

bool is_owner(const Room& room, UserId user) {
    return role_of(room, user) == MemberRole::owner;
}

bool is_last_owner(const Room& room, UserId user) {
    return room.owners == 1 && is_owner(room, user);
}

bool is_manager(const Room& room, UserId user) {
    const auto role = role_of(room, user);
    return role == MemberRole::owner || role == MemberRole::admin;
}

bool has_account(const RoomFacts& facts, UserId user) {
    return std::find(facts.inactive.begin(), facts.inactive.end(), user) == facts.inactive.end();
}

}  // namespace verbatim::rules
