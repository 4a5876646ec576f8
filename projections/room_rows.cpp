#include "projections/room_rows.hpp"

namespace verbatim::room_rows {
namespace {

std::optional<UserId> unless_nil(const UserId& user) {
    return user.is_nil() ? std::nullopt : std::optional(user);
}

std::optional<std::uint32_t> unless_zero(std::uint32_t number) {
    return number == 0 ? std::nullopt : std::optional(number);
}

}  // namespace

std::string room_row(const RoomRow& room) {
    return RowWriter()
        .choice(room.kind)
        .text(room.name)
        .text(room.description)
        .text(room.alias)
        .choice(room.visibility)
        .choice(room.history)
        .u32(room.max_members)
        .id(room.created_by)
        .time(room.created_at)
        .time(room.updated_at)
        .u8(room.archived ? 1 : 0)
        .place(room.created)
        .id(room.direct_with.value_or(UserId()))
        .place(room.named)
        .place(room.described)
        .u32(room.retention_days.value_or(0))
        .take();
}

std::optional<RoomRow> parse_room(const RoomId& id, std::string_view value) {
    RowReader row(value);
    RoomRow room{
        .room = id,
        .kind = row.choice(RoomKind::direct),
        .name = row.text(),
        .description = row.text(),
        .alias = row.text(),
        .visibility = row.choice(Visibility::private_),
        .history = row.choice(History::since_join),
        .max_members = row.u32(),
        .created_by = row.id<UserId>(),
        .created_at = row.time(),
        .updated_at = row.time(),
        .archived = row.u8() != 0,
        .created = row.place<Position>(),
        .direct_with = unless_nil(row.id<UserId>()),
        .named = row.place<Position>(),
        .described = row.place<Position>(),
        .retention_days = unless_zero(row.u32())};
    if (!row.is_done()) return std::nullopt;
    return room;
}

std::optional<RoomHead> parse_head(std::string_view value) {
    RowReader row(value);
    const RoomHead head{.room_seq = row.place<Version>(), .position = row.place<Position>()};
    if (!row.is_done()) return std::nullopt;
    return head;
}

std::optional<std::vector<Version>> parse_pinned(std::string_view value) {
    RowReader row(value);
    std::vector<Version> pinned(value.size() / 8);
    for (Version& seq : pinned) seq = row.place<Version>();
    if (!row.is_done()) return std::nullopt;
    return pinned;
}

std::string pinned_row(const std::vector<Version>& pinned) {
    RowWriter row;
    for (const Version seq : pinned) row.place(seq);
    return row.take();
}

}  // namespace verbatim::room_rows
