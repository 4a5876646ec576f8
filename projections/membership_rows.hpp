#pragma once

#include "projections/memberships.hpp"
#include "projections/row_codec.hpp"

#include <limits>

// The rows of the view `memberships`: keys, and values put together and taken apart. Private to it.
namespace verbatim::membership_rows {

inline constexpr char member_kind = 'm';     // room, user -> MemberRow
inline constexpr char room_of_kind = 'u';    // user, room -> the same
inline constexpr char count_kind = 'n';      // room -> how many members
inline constexpr char span_kind = 's';       // user, room, joined_seq -> MembershipSpan
inline constexpr char notice_kind = 't';     // user, position -> SubjectNotice
inline constexpr char invite_kind = 'i';     // room, user -> InviteRow
inline constexpr char invite_of_kind = 'j';  // user, room -> the same
inline constexpr char ban_kind = 'b';        // room, user -> BanRow
// Rows of the past, none for who never was a member.
inline constexpr char past_member_kind = 'h';  // room, user, since -> MemberRow; empty: gone
inline constexpr char past_count_kind = 'c';   // room, since -> how many members

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

[[nodiscard]] inline RowKey member_key(const RoomId& room, const UserId& user) {
    return RowKey(member_kind).id(room).id(user);
}
[[nodiscard]] inline RowKey room_of_key(const UserId& user, const RoomId& room) {
    return RowKey(room_of_kind).id(user).id(room);
}
[[nodiscard]] inline RowKey count_key(const RoomId& room) {
    return RowKey(count_kind).id(room);
}
[[nodiscard]] inline RowKey span_key(const UserId& user, const RoomId& room, Version joined) {
    return RowKey(span_kind).id(user).id(room).place(joined);
}
[[nodiscard]] inline RowKey notice_key(const UserId& user, Position position) {
    return RowKey(notice_kind).id(user).place(position);
}
[[nodiscard]] inline RowKey invite_key(const RoomId& room, const UserId& user) {
    return RowKey(invite_kind).id(room).id(user);
}
[[nodiscard]] inline RowKey invite_of_key(const UserId& user, const RoomId& room) {
    return RowKey(invite_of_kind).id(user).id(room);
}
[[nodiscard]] inline RowKey past_member_key(const RoomId& room, const UserId& user) {
    return RowKey(past_member_kind).id(room).id(user);
}
[[nodiscard]] inline RowKey past_count_key(const RoomId& room) {
    return RowKey(past_count_kind).id(room);
}
[[nodiscard]] inline RowKey ban_key(const RoomId& room, const UserId& user) {
    return RowKey(ban_kind).id(room).id(user);
}

// What the key says is not repeated in the value, and comes from it when the value is read.
// nullopt: damaged.
[[nodiscard]] std::string member_row(const MemberRow& member);
[[nodiscard]] std::optional<MemberRow> parse_member(
    const RoomId& room, const UserId& user, std::string_view value
);
[[nodiscard]] std::string span_row(const MembershipSpan& span);
[[nodiscard]] std::optional<MembershipSpan> parse_span(
    const RoomId& room, Version joined_seq, std::string_view value
);
[[nodiscard]] std::optional<SubjectNotice> parse_notice(Position position, std::string_view value);
[[nodiscard]] std::string invite_row(const InviteRow& invite);
[[nodiscard]] std::optional<InviteRow> parse_invite(
    const RoomId& room, const UserId& user, std::string_view value
);
[[nodiscard]] std::string ban_row(const BanRow& ban);
[[nodiscard]] std::optional<BanRow> parse_ban(const UserId& user, std::string_view value);

}  // namespace verbatim::membership_rows
