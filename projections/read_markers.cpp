#include "projections/read_markers.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <mutex>

namespace verbatim {
namespace {

constexpr char marker_kind = 'm';  // room, user -> ReadMarkerRow
constexpr char past_kind = 'h';    // room, user, since -> ReadMarkerRow; empty: no member any more

RowKey marker_key(const RoomId& room, const UserId& user) {
    return RowKey(marker_kind).id(room).id(user);
}

RowKey past_key(const RoomId& room, const UserId& user) {
    return RowKey(past_kind).id(room).id(user);
}

std::optional<ReadMarkerRow> parse_marker(const UserId& user, std::string_view value) {
    RowReader row(value);
    const ReadMarkerRow marker{.user = user, .up_to = row.place<Version>(), .at = row.time()};
    if (!row.is_done()) return std::nullopt;
    return marker;
}

void put(
    const RoomId& room,
    const UserId& user,
    Version up_to,
    const RecordedEvent& event,
    ViewBatch& batch
) {
    const std::string row = RowWriter().place(up_to).time(event.at).take();
    batch.put(marker_key(room, user), row);
    batch.put(since_key(past_key(room, user), event.position), row);
}

// Without a row the user is no member: what it read of a room that it has left counts no more.
StoreResult<void> read(const RecordedEvent& event, const RoomRead& said, ViewBatch& batch) {
    const UserId user(event.stream.id);
    const auto marker = parse_stored(
        batch.get(marker_key(said.room, user)),
        "read_markers",
        [&](std::string_view row) { return parse_marker(user, row); }
    );
    if (!marker) return failure(marker.error());
    if (!*marker || said.up_to <= (*marker)->up_to) return {};
    put(said.room, user, said.up_to, event, batch);
    return {};
}

}  // namespace

ReadMarkers::ReadMarkers(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> ReadMarkers::apply(const RecordedEvent& event, ViewBatch& batch) {
    if (const auto* const reader_event = std::get_if<ReaderEvent>(&event.event))
        return read(event, std::get<RoomRead>(*reader_event), batch);
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};

    const RoomId room(event.stream.id);
    // The newest event of its room is beyond all that anyone has read: no need to look.
    const auto reach = [&](const UserId& user) { put(room, user, event.version, event, batch); };
    const auto forget = [&](const UserId& user) {
        batch.erase(marker_key(room, user));
        batch.put(since_key(past_key(room, user), event.position), {});
    };
    std::visit(
        Overloaded{
            [&](const MessageSent&) { reach(event.actor); },
            [&](const RoomCreated&) { reach(event.actor); },
            [&](const MemberJoined& e) { reach(e.user); },
            [&](const MemberLeft& e) { forget(e.user); },
            [&](const MemberRemoved& e) { forget(e.user); },
            [&](const MemberBanned& e) { forget(e.user); },
            [](const auto& /*moves no marker*/) {},
        },
        *room_event
    );
    return {};
}

void ReadMarkers::note(const ReadNoteChange& change) {
    const auto& [note, is_recorded] = change;
    const std::unique_lock lock(mutex_);
    if (!is_recorded) {
        noted_[note.room][note.user] = {note.user, note.up_to, note.at};
        return;
    }
    const auto noted = noted_.find(note.room);
    if (noted == noted_.end()) return;
    noted->second.erase(note.user);
    if (noted->second.empty()) noted_.erase(noted);
}

ReadMarkers::Noted ReadMarkers::noted_in(const RoomId& room) const {
    const std::shared_lock lock(mutex_);
    const auto noted = noted_.find(room);
    return noted == noted_.end() ? Noted() : noted->second;
}

// Notes are looked at before rows, here and below: a note goes only after its event's row is there,
// so that what was shown once is never missed.
StoreResult<std::optional<ReadMarkerRow>> ReadMarkers::marker(
    const RoomId& room, const UserId& user
) const {
    std::optional<ReadMarkerRow> noted;
    {
        const std::shared_lock lock(mutex_);
        const auto in_room = noted_.find(room);
        if (in_room != noted_.end()) {
            const auto found = in_room->second.find(user);
            if (found != in_room->second.end()) noted = found->second;
        }
    }
    auto row = parse_stored(
        storage_.get(column_, marker_key(room, user)),
        name(),
        [&](std::string_view stored) { return parse_marker(user, stored); }
    );
    if (row && *row && noted && noted->up_to > (*row)->up_to) return noted;
    return row;
}

StoreResult<std::optional<ReadMarkerRow>> ReadMarkers::marker_as_of(
    const RoomId& room, const UserId& user, Position as_of
) const {
    const auto row = row_as_of(storage_, column_, past_key(room, user), as_of);
    if (row && *row && (*row)->empty()) return std::optional<ReadMarkerRow>();
    return parse_stored(row, name(), [&](std::string_view value) {
        return parse_marker(user, value);
    });
}

StoreResult<std::vector<ReadMarkerRow>> ReadMarkers::markers(
    const RoomId& room, const UserId& after, std::size_t limit
) const {
    const Noted noted = noted_in(room);
    auto rows = list_rows(
        storage_,
        column_,
        name(),
        RowKey(marker_kind).id(room),
        marker_key(room, after),
        limit,
        [](std::string_view user, std::string_view value) {
            return parse_marker(RowReader(user).id<UserId>(), value);
        }
    );
    if (!rows) return rows;
    for (ReadMarkerRow& row : *rows) {
        const auto found = noted.find(row.user);
        if (found != noted.end() && found->second.up_to > row.up_to) row = found->second;
    }
    return rows;
}

}  // namespace verbatim
