#include "projections/room_directory.hpp"

#include "projections/room_rows.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

using namespace room_rows;

constexpr std::size_t rooms_examined_max = 10'000;

std::string reference_to(const RoomId& room) {
    return RowWriter().id(room).take();
}

// Reads the pinned messages of the event's room, and writes what `make` leaves of them.
template <class Make>
StoreResult<void> change_pinned(const RecordedEvent& event, ViewBatch& batch, const Make& make) {
    const RowKey key = pinned_key(RoomId(event.stream.id));
    const auto stored = parse_stored(batch.get(key), "room_directory", parse_pinned);
    if (!stored) return failure(stored.error());
    std::vector<Version> pinned = stored->value_or(std::vector<Version>());
    make(pinned);
    const std::string row = pinned_row(pinned);
    batch.put(since_key(past_pinned_key(RoomId(event.stream.id)), event.position), row);
    if (pinned.empty()) {
        batch.erase(key);
    } else {
        batch.put(key, row);
    }
    return {};
}

void insert_once(std::vector<Version>& pinned, Version seq) {
    const auto place = std::ranges::lower_bound(pinned, seq);
    if (place == pinned.end() || *place != seq) pinned.insert(place, seq);
}

bool is_listed(const RoomRow& room) {
    return room.visibility == Visibility::public_ && !room.archived;
}

std::string row_without_texts(RoomRow room) {
    room.name.reset();
    room.description.reset();
    return room_row(room);
}

// Writes the room and the entries by which it is found.
void put(const RoomRow& room, ViewBatch& batch) {
    batch.put(room_key(room.room), room_row(room));
    if (room.alias) batch.put(alias_key(*room.alias), reference_to(room.room));
    if (is_listed(room)) batch.put(public_key(room.created), reference_to(room.room));
}

void put_past(const RoomRow& room, const RecordedEvent& event, ViewBatch& batch) {
    batch.put(since_key(past_room_key(room.room), event.position), row_without_texts(room));
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
        .direct_with = created.direct_with,
        .named = event.position,
        .described = event.position,
        .retention_days = std::nullopt};
    put(room, batch);
    put_past(room, event, batch);
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
    if (before.alias && before.alias != room.alias) batch.erase(alias_key(*before.alias));
    if (is_listed(before) && !is_listed(room)) batch.erase(public_key(room.created));
    put(room, batch);
    return {};
}

// The same, and that it is so since the event.
template <class Change>
StoreResult<void> change_since(const RecordedEvent& event, ViewBatch& batch, const Change& make) {
    return change(event, batch, [&](RoomRow& room) {
        room.updated_at = event.at;
        make(room);
        put_past(room, event, batch);
    });
}

void update(RoomRow& room, const RoomUpdated& event, Position position) {
    if (event.name) {
        room.name = *event.name;
        room.named = position;
    }
    if (event.description) {
        room.description = *event.description;
        room.described = position;
    }
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
        head_key(RoomId(event.stream.id)),
        RowWriter().place(event.version).place(event.position).take()
    );
    if (const auto* const created = std::get_if<RoomCreated>(room_event)) {
        create(event, *created, batch);
    } else if (const auto* const updated = std::get_if<RoomUpdated>(room_event)) {
        return change_since(event, batch, [&](RoomRow& room) {
            update(room, *updated, event.position);
        });
    } else if (std::holds_alternative<RoomArchived>(*room_event)) {
        return change_since(event, batch, [](RoomRow& room) { room.archived = true; });
    } else if (const auto* const retained = std::get_if<RetentionChanged>(room_event)) {
        return change(event, batch, [&](RoomRow& room) {
            room.retention_days = retained->days;
            put_past(room, event, batch);
        });
    } else if (const auto* const pin = std::get_if<MessagePinned>(room_event)) {
        return change_pinned(event, batch, [&](auto& pinned) { insert_once(pinned, pin->seq); });
    } else if (const auto* const unpin = std::get_if<MessageUnpinned>(room_event)) {
        return change_pinned(event, batch, [&](auto& pinned) { std::erase(pinned, unpin->seq); });
    }
    return {};
}

StoreResult<void> RoomDirectory::forget(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr || (!std::holds_alternative<RoomCreated>(*room_event) &&
                                  !std::holds_alternative<RoomUpdated>(*room_event)))
        return {};
    return change(event, batch, [&](RoomRow& room) {
        if (room.named == event.position) room.name.reset();
        if (room.described == event.position) room.description.reset();
    });
}

StoreResult<std::vector<RoomRow>> RoomDirectory::all(const RoomId& after, std::size_t limit) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(room_kind),
        room_key(after),
        limit,
        [](std::string_view id, std::string_view row) {
            return parse_room(RowReader(id).id<RoomId>(), row);
        }
    );
}

StoreResult<std::optional<RoomRow>> RoomDirectory::room(const RoomId& room) const {
    return parse_stored(storage_.get(column_, room_key(room)), name(), [&](std::string_view row) {
        return parse_room(room, row);
    });
}

StoreResult<RoomHead> RoomDirectory::head(const RoomId& room) const {
    const auto head = parse_stored(storage_.get(column_, head_key(room)), name(), parse_head);
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
