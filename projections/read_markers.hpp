#pragma once

#include "domain/ids.hpp"
#include "eventstore/read_note.hpp"
#include "projections/projection.hpp"

#include <map>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace verbatim {

struct ReadMarkerRow {
    UserId user;
    Version up_to;
    Timestamp at;

    friend bool operator==(const ReadMarkerRow&, const ReadMarkerRow&) = default;
};

// How far each member has read: the greatest of what it said (room.read), what it sent and where it
// joined. Removed when the membership ends.
//
// Markers that are noted and no event yet lie over the rows, in memory only: the rows come from the
// log alone. Threads: note() by one, beside queries from any.
class ReadMarkers final : public Projection {
public:
    explicit ReadMarkers(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "read_markers"; }
    [[nodiscard]] std::uint32_t schema() const override { return 2; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    void note(const ReadNoteChange& change);

    [[nodiscard]] StoreResult<std::optional<ReadMarkerRow>> marker(
        const RoomId& room, const UserId& user
    ) const;
    // After the event at `as_of` and before the next; nullopt where the user was no member then.
    // Only what the log has: what is noted now was of no moment in the past.
    [[nodiscard]] StoreResult<std::optional<ReadMarkerRow>> marker_as_of(
        const RoomId& room, const UserId& user, Position as_of
    ) const;
    // By user id, after `after` (exclusive).
    [[nodiscard]] StoreResult<std::vector<ReadMarkerRow>> markers(
        const RoomId& room, const UserId& after, std::size_t limit
    ) const;

private:
    using Noted = std::map<UserId, ReadMarkerRow>;

    [[nodiscard]] Noted noted_in(const RoomId& room) const;

    const Storage& storage_;
    std::size_t column_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<RoomId, Noted> noted_;  // under mutex_
};

}  // namespace verbatim
