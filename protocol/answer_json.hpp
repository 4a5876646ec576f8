#pragma once

#include "eventstore/commands/sequencer.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"
#include "protocol/room_access.hpp"

#include <functional>
#include <optional>
#include <string>

// The JSON of answers, as the contract spells them. Each returns one object's text.
namespace verbatim {

// The receipt of a command; room_seq is null for streams that are no room's.
struct Receipt {
    Position position;
    std::optional<Version> room_seq;
};
[[nodiscard]] Receipt receipt_of(const Accepted& accepted);
// Adds `,"receipt":{…}` before the closing brace of an object's text.
[[nodiscard]] std::string with_receipt(std::string object, const Receipt& receipt);

// {user_id, username, display_name, created_at}
[[nodiscard]] std::string user_json(const UserRow& user);
// The same with {roles, sessions, erased}, for admins; `sessions`: how many are open.
[[nodiscard]] std::string admin_user_json(const UserRow& user, std::size_t sessions);
// {session_id, opened_at, refreshed_at, address, agent, current}
[[nodiscard]] std::string session_json(const SessionRow& session, const SessionId& current);
// {key_id, name, scopes, created_at}
[[nodiscard]] std::string key_json(const ApiKeyRow& key);
// The same with `key`, its text: null where that was shown before.
[[nodiscard]] std::string key_json(const ApiKeyRow& key, const Text& text);
// {link_id, max_uses, uses, expires_at, created_at, created_by, ended}; `ended` is null, revoked,
// used_up or expired.
[[nodiscard]] std::string invite_link_json(const InviteLinkRow& link, Timestamp now);
// The same with `code`: null where that was shown before.
[[nodiscard]] std::string invite_link_json(
    const InviteLinkRow& link, Timestamp now, const Text& code
);
// What a `room` shows, whenever that was.
struct RoomPicture {
    const RoomRow& room;
    Version room_seq;
    std::uint64_t member_count = 0;
    std::vector<Version> pinned;  // those that the asker may know of
    std::string my;               // my_json(), or null
    std::string last_message;     // a message, or null
};
[[nodiscard]] std::string room_json(const RoomPicture& picture);
// {role, unread_count, read_up_to, joined_seq}
[[nodiscard]] std::string my_json(
    const MemberRow& member, Version read_up_to, std::uint64_t unread_count
);
// The contract's `room`, with `my` and `last_message` for members.
[[nodiscard]] Answer<std::string> room_json(
    const Views& views, const RoomAccess& access, const UserId& user
);
// The two names by which people know a user; both null when there is none, or erased.
struct Names {
    Text username;
    Text display_name;
};
[[nodiscard]] Answer<Names> names_of(const Views& views, const UserId& user);
// {user_id, username, display_name, role, joined_at, online}; nullopt: nobody knows whether.
[[nodiscard]] std::string member_json(
    const MemberRow& member, const Names& names, std::optional<bool> is_online
);
[[nodiscard]] Answer<std::string> member_json(
    const Views& views, const MemberRow& member, const std::function<bool(const UserId&)>& is_online
);
// {room_id, room_name, user_id, username, display_name, invited_by, invited_at}
[[nodiscard]] Answer<std::string> invite_json(const Views& views, const InviteRow& invite);
// {user_id, username, display_name, reason, banned_by, banned_at}
[[nodiscard]] Answer<std::string> ban_json(const Views& views, const BanRow& ban);
// {user_id, up_to, at}
[[nodiscard]] std::string read_marker_json(const ReadMarkerRow& marker);
// GET /api/v1/limits; `file_bytes_max` is what the operator has set.
[[nodiscard]] std::string limits_json(std::uint64_t file_bytes_max);

// One word per enumerator, on the wire as in the log: eventstore/facts.cpp has them.
[[nodiscard]] std::string_view text_of(MemberRole role);
[[nodiscard]] std::string_view text_of(RoomKind kind);
[[nodiscard]] std::string_view text_of(Visibility visibility);
[[nodiscard]] std::string_view text_of(History history);
[[nodiscard]] std::string_view text_of(MessageKind kind);
[[nodiscard]] std::string_view text_of(ServerRole role);
[[nodiscard]] std::string_view text_of(SessionEnd reason);
[[nodiscard]] std::string_view text_of(KeyScope scope);
[[nodiscard]] std::string_view text_of(EpochCause cause);

}  // namespace verbatim
