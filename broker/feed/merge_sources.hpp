#pragma once

#include "eventstore/event_log.hpp"
#include "projections/memberships.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace verbatim::feed {

// Several streams' events after a position, taken one by one in order of their positions. Each
// source holds a few events, fewer the more sources there are, and no open cursor.
// An event that lies in two sources comes twice. Single thread.
class MergeSources {
public:
    MergeSources(const EventLog& log, const Memberships& memberships, const UserId& user);

    void clear();
    // Versions `first` to `last` (0: to the end) of `stream`, up to the log position `target`.
    // Sources without such events are not kept. Errors: those of the log.
    [[nodiscard]] StoreResult<void> add_stream(
        const StreamId& stream, Version first, Version last, Position target
    );
    // The notices about the user after `after`, up to `target`.
    [[nodiscard]] StoreResult<void> add_notices(Position after, Position target);

    // The position of the next event; nullopt: there is none.
    [[nodiscard]] std::optional<Position> peek() const;
    // Requires: peek(). Errors: those of the log and the view; the sources are then unusable.
    [[nodiscard]] StoreResult<RecordedEvent> take();
    [[nodiscard]] StoreResult<void> skip();

private:
    struct Source {
        Position next;  // of its first event not taken
        Position target{};
        std::optional<StreamId> stream{};  // nullopt: the notices
        Version version{};                 // of `next`
        Version last{};
        std::deque<RecordedEvent> events{};  // from `next` on, when filled
        std::deque<Position> notices{};      // likewise
    };

    [[nodiscard]] static bool is_later(const Source& one, const Source& other) {
        return one.next > other.next;
    }
    [[nodiscard]] StoreResult<void> fill(Source& source) const;
    // Moves the source to its next event; false: it has none.
    [[nodiscard]] StoreResult<bool> advance(Source& source) const;
    [[nodiscard]] StoreResult<std::optional<RecordedEvent>> take_or_skip(bool wanted);
    [[nodiscard]] std::size_t events_per_source() const;

    const EventLog& log_;
    const Memberships& memberships_;
    const UserId user_;
    std::vector<Source> heap_;  // the smallest `next` in front
};

}  // namespace verbatim::feed
