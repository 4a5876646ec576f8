#pragma once

#include "domain/room_events.hpp"
#include "eventstore/event_log.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct RoomRow {
    RoomId room;
    RoomKind kind = RoomKind::group;
    Text name;
    Text description;
    std::optional<std::string> alias;
    Visibility visibility = Visibility::public_;
    History history = History::shared;
    std::uint32_t max_members = 0;
    UserId created_by;
    Timestamp created_at;
    Timestamp updated_at;  // of the last room.created, .updated or .archived
    bool archived = false;
    Position created;  // position of room.created
    std::optional<UserId> direct_with;
    Position named;      // of the event that set the name
    Position described;  // and of that which set the description
    std::optional<std::uint32_t> retention_days{};

    friend bool operator==(const RoomRow&, const RoomRow&) = default;
};
struct RoomHead {
    Version room_seq;   // last event of the room's stream
    Position position;  // and its position
};

// What rooms there are: by id, by alias, the public ones in order of their creation.
class RoomDirectory final : public Projection {
public:
    explicit RoomDirectory(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "room_directory"; }
    [[nodiscard]] std::uint32_t schema() const override { return 3; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;
    [[nodiscard]] StoreResult<void> forget(const RecordedEvent& event, ViewBatch& batch) override;

    [[nodiscard]] StoreResult<std::optional<RoomRow>> room(const RoomId& room) const;
    // After the event at `as_of` and before the next; nullopt where there was no such room yet. The
    // two texts come from the log, as it still has them. Errors: those of reading it, too.
    [[nodiscard]] StoreResult<std::optional<RoomRow>> room_as_of(
        const EventLog& log, const RoomId& room, Position as_of
    ) const;
    [[nodiscard]] StoreResult<RoomHead> head(const RoomId& room) const;
    // All rooms, by id, after `after` (exclusive; nil for the beginning).
    [[nodiscard]] StoreResult<std::vector<RoomRow>> all(const RoomId& after, std::size_t limit)
        const;
    // Ascending; limits::pins_per_room_max at most.
    [[nodiscard]] StoreResult<std::vector<Version>> pinned(const RoomId& room) const;
    [[nodiscard]] StoreResult<std::vector<Version>> pinned_as_of(const RoomId& room, Position as_of)
        const;
    [[nodiscard]] StoreResult<std::optional<RoomId>> by_alias(std::string_view alias) const;
    // Public, not archived rooms created after `after` (a room.created position, exclusive) whose
    // name, alias or description contains `q` (ASCII case folded); looks at 10,000 rooms at most,
    // `examined_up_to` says how far it came (to go on from), nullopt when at the end.
    struct PublicPage {
        std::vector<RoomRow> rooms;
        std::optional<Position> examined_up_to;
    };
    [[nodiscard]] StoreResult<PublicPage> public_rooms(
        std::string_view q, Position after, std::size_t limit
    ) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
