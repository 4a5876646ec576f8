#pragma once

#include "domain/room_events.hpp"
#include "eventstore/event_log.hpp"
#include "projections/projection.hpp"

#include <functional>
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
    std::vector<Version> with_reactions;  // those of the items that have any
};
// A moment in a room's past: after the event at `position` and before the next, when the room's
// last event was `room_seq`.
struct RoomMoment {
    Position position;
    Version room_seq;
};
struct PastPageRequest {
    PageRequest page;
    RoomMoment moment;
    // Whether messages that were there then and are deleted now show what they said then: else
    // text and metadata are null, attachments and mentions empty.
    bool shows_deleted_since = false;
};

struct TimelineEntry {
    std::string json;  // as served
    bool is_deleted = false;
    bool has_reactions = false;
};

// Every message of every room, in the JSON in which it is served (contract: `message`), with its
// edits, reactions and deletions applied. Also counts: the n-th message of its room, for unread
// counts. Who reacted and what replies to what is kept beside the messages.
class RoomTimeline final : public Projection {
public:
    explicit RoomTimeline(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "room_timeline"; }
    [[nodiscard]] std::uint32_t schema() const override { return 3; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;
    [[nodiscard]] StoreResult<void> forget(const RecordedEvent& event, ViewBatch& batch) override;

    // nullopt: no message has this seq. Deleted ones are there, emptied.
    [[nodiscard]] StoreResult<std::optional<std::string>> message(const RoomId& room, Version seq)
        const;
    [[nodiscard]] StoreResult<std::optional<TimelineEntry>> entry(const RoomId& room, Version seq)
        const;
    [[nodiscard]] StoreResult<TimelinePage> page(const RoomId& room, const PageRequest& request)
        const;
    // The replies to `root` after the anchor (the direction is not looked at), ascending; what
    // replies to those is not among them. has_earlier is not told.
    [[nodiscard]] StoreResult<TimelinePage> thread(
        const RoomId& room, Version root, const PageRequest& request
    ) const;
    // The emoji with which `user` reacted to the message, in the order of their bytes. For messages
    // that have reactions: with_reactions says which.
    [[nodiscard]] StoreResult<std::vector<std::string>> reactions_of(
        const RoomId& room, Version seq, const UserId& user
    ) const;
    // Visits the visible messages from `first` on (inclusive), ascending, until `visit` answers
    // false.
    [[nodiscard]] StoreResult<void> for_each_from(
        const RoomId& room,
        Version first,
        const std::optional<std::vector<SeqSpan>>& visible,
        const std::function<bool(Version seq, Position position)>& visit
    ) const;
    // Also false where `seq` is no message.
    [[nodiscard]] StoreResult<bool> is_deleted(const RoomId& room, Version seq) const;
    // The page as it was at a moment: texts before later edits, reactions, counts of replies and
    // deletions as they then were. Messages that changed since are read from the log; texts that it
    // has no more are null. Errors: those of reading the log, too.
    [[nodiscard]] StoreResult<TimelinePage> page_as_of(
        const EventLog& log, const RoomId& room, const PastPageRequest& request
    ) const;
    [[nodiscard]] StoreResult<std::vector<std::string>> reactions_as_of(
        const RoomId& room, Version seq, const UserId& user, Position as_of
    ) const;
    [[nodiscard]] StoreResult<std::uint64_t> live_after_as_of(
        const RoomId& room, Version marker, const RoomMoment& moment
    ) const;
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
