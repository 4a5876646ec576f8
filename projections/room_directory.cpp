#include "projections/room_directory.hpp"

#include "projections/row_codec.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr char room_kind = 'r';    // room -> RoomRow
constexpr char head_kind = 'h';    // room -> RoomHead
constexpr char alias_kind = 'a';   // alias -> room
constexpr char pinned_kind = 'i';  // room -> the seqs of its pinned messages; none, no row
constexpr char public_kind = 'p';  // position of room.created -> room; public, not archived

constexpr std::size_t rooms_examined_max = 10'000;

RowKey room_key(const RoomId& room) {
    return RowKey(room_kind).id(room);
}
RowKey pinned_key(const RoomId& room) {
    return RowKey(pinned_kind).id(room);
}
RowKey public_key(Position created) {
    return RowKey(public_kind).place(created);
}
std::string alias_key(std::string_view alias) {
    return alias_kind + std::string(alias);
}
std::string reference_to(const RoomId& room) {
    return RowWriter().id(room).take();
}

std::string row_of(const RoomRow& room) {
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
        .take();
}

std::optional<UserId> unless_nil(const UserId& user) {
    return user.is_nil() ? std::nullopt : std::optional(user);
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
        .direct_with = unless_nil(row.id<UserId>())};
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

// Reads the pinned messages of the event's room, and writes what `make` leaves of them.
template <class Make>
StoreResult<void> change_pinned(const RecordedEvent& event, ViewBatch& batch, const Make& make) {
    const RowKey key = pinned_key(RoomId(event.stream.id));
    const auto stored = parse_stored(batch.get(key), "room_directory", parse_pinned);
    if (!stored) return failure(stored.error());
    std::vector<Version> pinned = stored->value_or(std::vector<Version>());
    make(pinned);
    if (pinned.empty()) {
        batch.erase(key);
        return {};
    }
    RowWriter row;
    for (const Version seq : pinned) row.place(seq);
    batch.put(key, row.take());
    return {};
}

void insert_once(std::vector<Version>& pinned, Version seq) {
    const auto place = std::ranges::lower_bound(pinned, seq);
    if (place == pinned.end() || *place != seq) pinned.insert(place, seq);
}

bool is_listed(const RoomRow& room) {
    return room.visibility == Visibility::public_ && !room.archived;
}

// Writes the room and the entries by which it is found.
void put(const RoomRow& room, ViewBatch& batch) {
    batch.put(room_key(room.room), row_of(room));
    if (room.alias) batch.put(alias_key(*room.alias), reference_to(room.room));
    if (is_listed(room)) batch.put(public_key(room.created), reference_to(room.room));
}

void create(const RecordedEvent& event, const RoomCreated& created, ViewBatch& batch) {
    const RoomRow room{
        .room = RoomId(event.stream.id),
        .kind = created.kind,
        .name = created.name,
        .description = created.description,
        .alias = created.alias,
        .visibility = created.visibility,
        .history = created.history,
        .max_members = created.max_members,
        .created_by = event.actor,
        .created_at = event.at,
        .updated_at = event.at,
        .archived = false,
        .created = event.position,
        .direct_with = created.direct_with};
    put(room, batch);
}

template <class Change>
StoreResult<void> change(const RecordedEvent& event, ViewBatch& batch, const Change& make) {
    const RoomId id(event.stream.id);
    const auto stored =
        parse_stored(batch.get(room_key(id)), "room_directory", [&](std::string_view row) {
            return parse_room(id, row);
        });
    if (!stored) return failure(stored.error());
    if (!*stored) return {};

    const RoomRow& before = **stored;
    RoomRow room = before;
    make(room);
    room.updated_at = event.at;
    if (before.alias && before.alias != room.alias) batch.erase(alias_key(*before.alias));
    if (is_listed(before) && !is_listed(room)) batch.erase(public_key(room.created));
    put(room, batch);
    return {};
}

void update(RoomRow& room, const RoomUpdated& event) {
    if (event.name) room.name = *event.name;
    if (event.description) room.description = *event.description;
    if (event.alias) room.alias = *event.alias;
    if (event.visibility) room.visibility = *event.visibility;
    if (event.history) room.history = *event.history;
    if (event.max_members) room.max_members = *event.max_members;
}

char folded(char character) {
    const bool is_upper = character >= 'A' && character <= 'Z';
    return is_upper ? static_cast<char>(character - 'A' + 'a') : character;
}

bool contains(const Text& text, std::string_view q) {
    if (!text) return false;
    const auto found =
        std::search(text->begin(), text->end(), q.begin(), q.end(), [](char left, char right) {
            return folded(left) == folded(right);
        });
    return found != text->end();
}

bool matches(const RoomRow& room, std::string_view q) {
    return q.empty() || contains(room.name, q) || contains(room.alias, q) ||
           contains(room.description, q);
}

}  // namespace

RoomDirectory::RoomDirectory(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> RoomDirectory::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    batch.put(
        RowKey(head_kind).id(RoomId(event.stream.id)),
        RowWriter().place(event.version).place(event.position).take()
    );
    if (const auto* const created = std::get_if<RoomCreated>(room_event)) {
        create(event, *created, batch);
    } else if (const auto* const updated = std::get_if<RoomUpdated>(room_event)) {
        return change(event, batch, [&](RoomRow& room) { update(room, *updated); });
    } else if (std::holds_alternative<RoomArchived>(*room_event)) {
        return change(event, batch, [](RoomRow& room) { room.archived = true; });
    } else if (const auto* const pin = std::get_if<MessagePinned>(room_event)) {
        return change_pinned(event, batch, [&](auto& pinned) { insert_once(pinned, pin->seq); });
    } else if (const auto* const unpin = std::get_if<MessageUnpinned>(room_event)) {
        return change_pinned(event, batch, [&](auto& pinned) { std::erase(pinned, unpin->seq); });
    }
    return {};
}

StoreResult<std::optional<RoomRow>> RoomDirectory::room(const RoomId& room) const {
    return parse_stored(storage_.get(column_, room_key(room)), name(), [&](std::string_view row) {
        return parse_room(room, row);
    });
}

StoreResult<RoomHead> RoomDirectory::head(const RoomId& room) const {
    const auto head =
        parse_stored(storage_.get(column_, RowKey(head_kind).id(room)), name(), parse_head);
    if (!head) return failure(head.error());
    return head->value_or(RoomHead());
}

StoreResult<std::vector<Version>> RoomDirectory::pinned(const RoomId& room) const {
    const auto pinned = parse_stored(storage_.get(column_, pinned_key(room)), name(), parse_pinned);
    if (!pinned) return failure(pinned.error());
    return pinned->value_or(std::vector<Version>());
}

StoreResult<std::optional<RoomId>> RoomDirectory::by_alias(std::string_view alias) const {
    return parse_stored(storage_.get(column_, alias_key(alias)), name(), parse_reference<RoomId>);
}

StoreResult<RoomDirectory::PublicPage> RoomDirectory::public_rooms(
    std::string_view q, Position after, std::size_t limit
) const {
    PublicPage page;
    std::size_t examined = 0;
    Position last = after;
    auto scanned = scan_rows(
        storage_,
        column_,
        std::string_view(&public_kind, 1),
        public_key(after),
        [&](std::string_view key, std::string_view value) -> StoreResult<bool> {
            if (page.rooms.size() == limit || examined == rooms_examined_max) {
                page.examined_up_to = last;
                return false;
            }
            ++examined;
            last = RowReader(key.substr(1)).place<Position>();
            auto found = room(RowReader(value).id<RoomId>());
            if (!found) return failure(found.error());
            if (!*found) return damaged_row(name());
            // It may have been archived or hidden since the scan began.
            if (is_listed(**found) && matches(**found, q)) page.rooms.push_back(std::move(**found));
            return true;
        }
    );
    if (!scanned) return failure(scanned.error());
    return page;
}

}  // namespace verbatim
