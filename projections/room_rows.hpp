#pragma once

#include "projections/room_directory.hpp"
#include "projections/row_codec.hpp"

// The rows of the view `room_directory`: keys, and values put together and taken apart. Private to
// it.
namespace verbatim::room_rows {

inline constexpr char room_kind = 'r';    // room -> RoomRow
inline constexpr char head_kind = 'h';    // room -> RoomHead
inline constexpr char alias_kind = 'a';   // alias -> room
inline constexpr char pinned_kind = 'i';  // room -> the seqs of its pinned messages; none, no row
inline constexpr char public_kind = 'p';  // position of room.created -> room; public, not archived
// Rows of the past. They have no texts: what is destroyed must not be found here.
inline constexpr char past_room_kind = 's';    // room, since -> RoomRow without its texts
inline constexpr char past_pinned_kind = 'j';  // room, since -> the seqs; may be none

[[nodiscard]] inline RowKey room_key(const RoomId& room) {
    return RowKey(room_kind).id(room);
}
[[nodiscard]] inline RowKey head_key(const RoomId& room) {
    return RowKey(head_kind).id(room);
}
[[nodiscard]] inline RowKey pinned_key(const RoomId& room) {
    return RowKey(pinned_kind).id(room);
}
[[nodiscard]] inline RowKey public_key(Position created) {
    return RowKey(public_kind).place(created);
}
[[nodiscard]] inline std::string alias_key(std::string_view alias) {
    return alias_kind + std::string(alias);
}
[[nodiscard]] inline RowKey past_room_key(const RoomId& room) {
    return RowKey(past_room_kind).id(room);
}
[[nodiscard]] inline RowKey past_pinned_key(const RoomId& room) {
    return RowKey(past_pinned_kind).id(room);
}

[[nodiscard]] std::string room_row(const RoomRow& room);
[[nodiscard]] std::string pinned_row(const std::vector<Version>& pinned);
// nullopt: damaged, here and below.
[[nodiscard]] std::optional<RoomRow> parse_room(const RoomId& id, std::string_view value);
[[nodiscard]] std::optional<RoomHead> parse_head(std::string_view value);
[[nodiscard]] std::optional<std::vector<Version>> parse_pinned(std::string_view value);

}  // namespace verbatim::room_rows
