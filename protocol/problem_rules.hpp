#pragma once

#include "domain/rejection.hpp"

#include <array>
#include <cstddef>
#include <string_view>

// What people read when a rule has refused their command. Private to problem.cpp.
namespace verbatim {

struct RuleText {
    Rule rule;
    std::string_view title;
    std::string_view detail;
};

inline constexpr auto rule_texts = std::to_array<RuleText>({
    {Rule::username_is_taken,
     "Username is taken",
     "Another account has this username. Choose another one."},
    {Rule::account_is_not_active,
     "Account is not active",
     "There is no such account, or it has been erased."},
    {Rule::credentials_have_changed,
     "Credentials have changed",
     "The password was changed in the meantime. Log in with the new one."},
    {Rule::session_is_not_open,
     "Session is not open",
     "The session has ended or expired. Log in again."},
    {Rule::user_has_too_many_keys,
     "User has too many keys",
     "Revoke a key before making another one."},
    {Rule::is_held,
     "Is held",
     "A legal hold is on this account or room: nothing of it may be destroyed until it is lifted."},
    {Rule::server_has_too_many_holds,
     "Server has too many holds",
     "Lift a legal hold before setting another one."},
    {Rule::refresh_token_was_used,
     "Refresh token was used",
     "This refresh token had been used before, so its session has been closed. Log in again."},
    {Rule::room_not_found, "Room not found", "There is no such room, or you may not know of it."},
    {Rule::room_is_archived, "Room is archived", "An archived room can be read, nothing more."},
    {Rule::room_is_direct,
     "Room is direct",
     "The members and settings of a direct room are fixed."},
    {Rule::room_is_full, "Room is full", "The room has as many members as it may have."},
    {Rule::room_needs_an_owner,
     "Room needs an owner",
     "The last owner can't go or change role while there are other members. Make another owner "
     "first."},
    {Rule::room_already_exists, "Room already exists", "There is a room with this id."},
    {Rule::room_has_too_many_invites,
     "Room has too many invites",
     "Revoke an invite before inviting anyone else."},
    {Rule::room_has_too_many_bans,
     "Room has too many bans",
     "Lift a ban before banning anyone else."},
    {Rule::room_has_too_many_invite_links,
     "Room has too many invite links",
     "Revoke an invite link before making another one."},
    {Rule::room_has_too_many_pins,
     "Room has too many pins",
     "Unpin a message before pinning another one."},
    {Rule::max_members_is_below_member_count,
     "max_members is below member count",
     "The room has more members than that."},
    {Rule::direct_needs_one_other_member,
     "Direct needs one other member",
     "A direct room takes exactly one other member."},
    {Rule::alias_is_taken, "Alias is taken", "Another room has this alias. Choose another one."},
    {Rule::banned, "Banned", "You are banned from this room."},
    {Rule::actor_is_not_member, "Actor is not member", "Only members of the room may do this."},
    {Rule::actor_may_not_send,
     "Actor may not send",
     "In a channel only owners and admins send messages."},
    {Rule::actor_may_not_manage_members,
     "Actor may not manage members",
     "Only owners and admins of the room may do this."},
    {Rule::actor_may_not_manage_room,
     "Actor may not manage room",
     "Only owners and admins of the room may change it."},
    {Rule::actor_is_not_owner, "Actor is not owner", "Only owners of the room may do this."},
    {Rule::actor_is_not_sender,
     "Actor is not sender",
     "A message can be edited by its sender only."},
    {Rule::actor_may_not_delete_message,
     "Actor may not delete message",
     "A message can be deleted by its sender and by owners and admins of the room."},
    {Rule::actor_may_not_pin,
     "Actor may not pin",
     "Only owners and admins of the room pin and unpin messages."},
    {Rule::invite_link_not_found,
     "Invite link not found",
     "There is no invite link with this code or id."},
    {Rule::invite_link_has_ended,
     "Invite link has ended",
     "The invite link has expired, was used up or was revoked. Ask for another one."},
    {Rule::user_not_found, "User not found", "There is no such user."},
    {Rule::user_is_not_member, "User is not member", "The user is not a member of the room."},
    {Rule::user_is_banned,
     "User is banned",
     "The user is banned from the room. Lift the ban first."},
    {Rule::message_not_found, "Message not found", "No message of the room has this seq."},
    {Rule::message_is_deleted, "Message is deleted", "A deleted message can't be changed."},
    {Rule::message_has_too_many_edits,
     "Message has too many edits",
     "The message was edited as often as it may be. Delete it, or send another one."},
    {Rule::message_has_too_many_reactions,
     "Message has too many reactions",
     "The message has as many reactions, or as many different ones, as it may have."},
    {Rule::reply_target_not_found,
     "Reply target not found",
     "The message to reply to does not exist in this room, or was deleted."},
    {Rule::attachment_not_found,
     "Attachment not found",
     "There is no such file, or it is not yours to attach."},
    {Rule::read_marker_is_beyond_room,
     "Read marker is beyond room",
     "The room has not come that far."},
});

[[nodiscard]] constexpr bool is_listed_in_order() {
    for (std::size_t i = 0; i < rule_texts.size(); ++i)
        if (static_cast<std::size_t>(rule_texts[i].rule) != i) return false;
    return rule_texts.size() == static_cast<std::size_t>(Rule::read_marker_is_beyond_room) + 1;
}
static_assert(is_listed_in_order(), "every Rule has its texts, at its own place");

[[nodiscard]] constexpr const RuleText& text_about(Rule rule) {
    return rule_texts[static_cast<std::size_t>(rule)];
}

}  // namespace verbatim
