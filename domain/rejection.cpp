#include "domain/rejection.hpp"

#include "domain/invariant.hpp"

namespace verbatim {

std::string_view code_of(Rule rule) {
    switch (rule) {
        case Rule::username_is_taken: return "username_is_taken";
        case Rule::account_is_not_active: return "account_is_not_active";
        case Rule::credentials_have_changed: return "credentials_have_changed";
        case Rule::session_is_not_open: return "session_is_not_open";
        case Rule::user_has_too_many_keys: return "user_has_too_many_keys";
        case Rule::is_held: return "is_held";
        case Rule::server_has_too_many_holds: return "server_has_too_many_holds";
        case Rule::refresh_token_was_used: return "refresh_token_was_used";
        case Rule::room_not_found: return "room_not_found";
        case Rule::room_is_archived: return "room_is_archived";
        case Rule::room_is_direct: return "room_is_direct";
        case Rule::room_is_full: return "room_is_full";
        case Rule::room_needs_an_owner: return "room_needs_an_owner";
        case Rule::room_already_exists: return "room_already_exists";
        case Rule::room_has_too_many_invites: return "room_has_too_many_invites";
        case Rule::room_has_too_many_bans: return "room_has_too_many_bans";
        case Rule::room_has_too_many_invite_links: return "room_has_too_many_invite_links";
        case Rule::room_has_too_many_pins: return "room_has_too_many_pins";
        case Rule::max_members_is_below_member_count: return "max_members_is_below_member_count";
        case Rule::direct_needs_one_other_member: return "direct_needs_one_other_member";
        case Rule::alias_is_taken: return "alias_is_taken";
        case Rule::banned: return "banned";
        case Rule::actor_is_not_member: return "actor_is_not_member";
        case Rule::actor_may_not_send: return "actor_may_not_send";
        case Rule::actor_may_not_manage_members: return "actor_may_not_manage_members";
        case Rule::actor_may_not_manage_room: return "actor_may_not_manage_room";
        case Rule::actor_is_not_owner: return "actor_is_not_owner";
        case Rule::actor_is_not_sender: return "actor_is_not_sender";
        case Rule::actor_may_not_delete_message: return "actor_may_not_delete_message";
        case Rule::actor_may_not_pin: return "actor_may_not_pin";
        case Rule::invite_link_not_found: return "invite_link_not_found";
        case Rule::invite_link_has_ended: return "invite_link_has_ended";
        case Rule::user_not_found: return "user_not_found";
        case Rule::user_is_not_member: return "user_is_not_member";
        case Rule::user_is_banned: return "user_is_banned";
        case Rule::message_not_found: return "message_not_found";
        case Rule::message_is_deleted: return "message_is_deleted";
        case Rule::message_has_too_many_edits: return "message_has_too_many_edits";
        case Rule::message_has_too_many_reactions: return "message_has_too_many_reactions";
        case Rule::reply_target_not_found: return "reply_target_not_found";
        case Rule::attachment_not_found: return "attachment_not_found";
        case Rule::read_marker_is_beyond_room: return "read_marker_is_beyond_room";
    }
    broken_invariant("every Rule is listed above");
}

}  // namespace verbatim
