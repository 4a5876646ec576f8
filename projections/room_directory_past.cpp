#include "projections/room_rows.hpp"

#include <utility>

// Rooms as they were: every change of their settings and pins left a row, and the log has the
// texts.
namespace verbatim {
namespace {

using namespace room_rows;

// What an event said of the room's texts; absent ones where they are gone, or it said nothing.
struct RoomTexts {
    Text name;
    Text description;
};

StoreResult<RoomTexts> texts_of(const EventLog& log, Position position) {
    auto event = log.read(position);
    if (!event) return failure(event.error());
    auto* const room_event = std::get_if<RoomEvent>(&event->event);
    if (room_event == nullptr) return RoomTexts();
    if (auto* const created = std::get_if<RoomCreated>(room_event))
        return RoomTexts{std::move(created->name), std::move(created->description)};
    if (auto* const updated = std::get_if<RoomUpdated>(room_event))
        return RoomTexts{
            std::move(updated->name).value_or(Text()),
            std::move(updated->description).value_or(Text())};
    return RoomTexts();
}

}  // namespace

StoreResult<std::optional<RoomRow>> RoomDirectory::room_as_of(
    const EventLog& log, const RoomId& room, Position as_of
) const {
    auto row = parse_stored(
        row_as_of(storage_, column_, past_room_key(room), as_of),
        name(),
        [&](std::string_view value) { return parse_room(room, value); }
    );
    if (!row || !*row) return row;
    auto named = texts_of(log, (*row)->named);
    if (!named) return failure(named.error());
    auto described = texts_of(log, (*row)->described);
    if (!described) return failure(described.error());
    (*row)->name = std::move(named->name);
    (*row)->description = std::move(described->description);
    return row;
}

StoreResult<std::vector<Version>> RoomDirectory::pinned_as_of(const RoomId& room, Position as_of)
    const {
    const auto pinned = parse_stored(
        row_as_of(storage_, column_, past_pinned_key(room), as_of), name(), parse_pinned
    );
    if (!pinned) return failure(pinned.error());
    return pinned->value_or(std::vector<Version>());
}

}  // namespace verbatim
