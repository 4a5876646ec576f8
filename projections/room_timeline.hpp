#pragma once

#include "domain/room_events.hpp"
#include "projections/projection.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace verbatim {

// Inclusive piece of a room's sequence that the caller may see; `last` 0: to the end.
struct SeqSpan {
    Version first;
    Version last;
};

enum class PageDirection { before, after, around, newest };
struct PageRequest {
    PageDirection direction = PageDirection::newest;
    Version anchor;  // exclusive for before and after; around: in the middle, itself included
    std::size_t limit = 0;
    std::optional<std::vector<SeqSpan>> visible;  // nullopt: all
};
// Messages as they are served, ascending, joined by commas (no brackets).
struct TimelinePage {
    std::string items;
    std::size_t count = 0;
    Version first;  // seq of the first and last item; 0 when empty
    Version last;
    bool has_earlier = false;  // visible messages exist before `first`
    bool has_later = false;
};

// Every message of every room, in the JSON in which it is served (contract: `message`), with its
// edits and deletions applied. Also counts: the n-th message of its room, for unread counts.
class RoomTimeline final : public Projection {
public:
    explicit RoomTimeline(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "room_timeline"; }
    [[nodiscard]] std::uint32_t schema() const override { return 1; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    // nullopt: no message has this seq. Deleted ones are there, emptied.
    [[nodiscard]] StoreResult<std::optional<std::string>> message(const RoomId& room, Version seq)
        const;
    [[nodiscard]] StoreResult<TimelinePage> page(const RoomId& room, const PageRequest& request)
        const;
    // How many messages with a seq greater than `marker` are not deleted.
    [[nodiscard]] StoreResult<std::uint64_t> live_after(const RoomId& room, Version marker) const;
    // The newest message as served, or nullopt.
    [[nodiscard]] StoreResult<std::optional<std::string>> newest(
        const RoomId& room, const std::optional<std::vector<SeqSpan>>& visible
    ) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
