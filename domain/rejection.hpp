#pragma once

#include <string_view>

namespace verbatim {

// Why a command was refused: a sentence that is true when it was. Closed; protocol/problem.cpp
// gives each its HTTP status, and its name is the problem's `code`.
enum class Rule {
    username_is_taken,
    account_is_not_active,     // never registered, or erased
    credentials_have_changed,  // the password was changed after the caller's was checked
    session_is_not_open,
    user_has_too_many_keys,
    is_held,  // a legal hold is on the account or the room, or on one that the account was ever in
    server_has_too_many_holds,
    refresh_token_was_used,  // an old refresh token: the session has been closed
    room_not_found,          // or private, and the actor may not know of it
    room_is_archived,
    room_is_direct,  // its two members and settings are fixed
    room_is_full,
    room_needs_an_owner,
    room_already_exists,
    room_has_too_many_invites,
    room_has_too_many_bans,
    room_has_too_many_invite_links,
    room_has_too_many_pins,
    max_members_is_below_member_count,
    direct_needs_one_other_member,
    alias_is_taken,
    banned,  // the actor
    actor_is_not_member,
    actor_may_not_send,  // a channel: only owners and admins send
    actor_may_not_manage_members,
    actor_may_not_manage_room,
    actor_is_not_owner,
    actor_is_not_sender,
    actor_may_not_delete_message,
    actor_may_not_pin,
    invite_link_not_found,
    invite_link_has_ended,  // expired, used up or revoked
    user_not_found,         // the command's subject
    user_is_not_member,
    user_is_banned,
    message_not_found,
    message_is_deleted,
    message_has_too_many_edits,
    message_has_too_many_reactions,
    reply_target_not_found,
    attachment_not_found,
    read_marker_is_beyond_room,
};

// The code on the wire: the enumerator's own name, for ever.
[[nodiscard]] std::string_view code_of(Rule rule);

}  // namespace verbatim
