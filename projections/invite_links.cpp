#include "projections/invite_links.hpp"

#include "projections/row_codec.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr char link_kind = 'l';     // link -> InviteLinkRow
constexpr char by_code_kind = 'c';  // hash of the code -> link
constexpr char of_room_kind = 'r';  // room, the complement of `created` -> link

RowKey key_of(const LinkId& link) {
    return RowKey(link_kind).id(link);
}

// Key order is that of the complements: the newest first.
RowKey place_of(const RoomId& room, Position created) {
    return RowKey(of_room_kind).id(room).number(~created.value());
}

std::string row_of(const InviteLinkRow& link) {
    RowWriter row;
    row.id(link.room).u32(link.uses).time(link.created_at).id(link.created_by);
    row.place(link.created).u8(link.revoked ? 1 : 0);
    row.u8(link.max_uses ? 1 : 0).u32(link.max_uses.value_or(0));
    row.u8(link.expires_at ? 1 : 0).time(link.expires_at.value_or(Timestamp()));
    return row.take();
}

std::optional<InviteLinkRow> parse_link(const LinkId& id, std::string_view value) {
    RowReader row(value);
    InviteLinkRow link;
    link.link = id;
    link.room = row.id<RoomId>();
    link.uses = row.u32();
    link.created_at = row.time();
    link.created_by = row.id<UserId>();
    link.created = row.place<Position>();
    link.revoked = row.u8() != 0;
    const bool has_max_uses = row.u8() != 0;
    const std::uint32_t max_uses = row.u32();
    const bool has_end = row.u8() != 0;
    const Timestamp expires_at = row.time();
    if (!row.is_done()) return std::nullopt;
    if (has_max_uses) link.max_uses = max_uses;
    if (has_end) link.expires_at = expires_at;
    return link;
}

void create(const RecordedEvent& event, const InviteLinkCreated& created, ViewBatch& batch) {
    InviteLinkRow row;
    row.link = created.link;
    row.room = RoomId(event.stream.id);
    row.max_uses = created.max_uses;
    row.expires_at = created.expires_at;
    row.created_at = event.at;
    row.created_by = event.actor;
    row.created = event.position;
    const std::string reference = RowWriter().id(created.link).take();
    batch.put(key_of(created.link), row_of(row));
    batch.put(RowKey(by_code_kind).digest(created.code_hash), reference);
    batch.put(place_of(row.room, row.created), reference);
}

// Changes a link's row, where there is one, by `change`.
template <class Change>
StoreResult<void> change(const LinkId& link, ViewBatch& batch, Change change) {
    auto row = parse_stored(batch.get(key_of(link)), "invite_links", [&](std::string_view value) {
        return parse_link(link, value);
    });
    if (!row) return failure(row.error());
    if (!*row) return {};
    change(**row);
    batch.put(key_of(link), row_of(**row));
    return {};
}

}  // namespace

std::optional<LinkEnd> end_of(const InviteLinkRow& link, Timestamp now) {
    if (link.revoked) return LinkEnd::revoked;
    if (link.max_uses && link.uses >= *link.max_uses) return LinkEnd::used_up;
    if (link.expires_at && now >= *link.expires_at) return LinkEnd::expired;
    return std::nullopt;
}

InviteLinks::InviteLinks(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> InviteLinks::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    if (const auto* const created = std::get_if<InviteLinkCreated>(room_event)) {
        create(event, *created, batch);
    } else if (const auto* const revoked = std::get_if<InviteLinkRevoked>(room_event)) {
        return change(revoked->link, batch, [](InviteLinkRow& row) { row.revoked = true; });
    } else if (const auto* const joined = std::get_if<MemberJoined>(room_event);
               joined != nullptr && joined->link) {
        return change(*joined->link, batch, [](InviteLinkRow& row) { ++row.uses; });
    }
    return {};
}

StoreResult<std::optional<InviteLinkRow>> InviteLinks::link(const LinkId& link) const {
    return parse_stored(storage_.get(column_, key_of(link)), name(), [&](std::string_view row) {
        return parse_link(link, row);
    });
}

StoreResult<std::optional<InviteLinkRow>> InviteLinks::by_code(const TokenHash& code_hash) const {
    const auto found = parse_stored(
        storage_.get(column_, RowKey(by_code_kind).digest(code_hash)),
        name(),
        [](std::string_view row) { return parse_reference<LinkId>(row); }
    );
    if (!found) return failure(found.error());
    if (!*found) return std::optional<InviteLinkRow>();
    return link(**found);
}

StoreResult<std::vector<InviteLinkRow>> InviteLinks::of_room(
    const RoomId& room, std::optional<Position> before, std::size_t limit
) const {
    const RowKey prefix = RowKey(of_room_kind).id(room);
    const RowKey cursor = place_of(room, before.value_or(Position()));
    std::vector<InviteLinkRow> links;
    if (limit == 0) return links;
    auto scanned = scan_rows(
        storage_,
        column_,
        prefix,
        before ? std::string_view(cursor) : std::string_view(),
        [&](std::string_view, std::string_view value) -> StoreResult<bool> {
            const auto reference = parse_reference<LinkId>(value);
            if (!reference) return damaged_row(name());
            auto found = link(*reference);
            if (!found) return failure(found.error());
            if (!*found) return damaged_row(name());  // no row of a link is ever erased
            links.push_back(**found);
            return links.size() < limit;
        }
    );
    if (!scanned) return failure(scanned.error());
    return links;
}

}  // namespace verbatim
