#pragma once

#include "eventstore/event_log.hpp"
#include "eventstore/read_note.hpp"

#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

namespace verbatim {

// Which read markers wait for their event, and when they are due. What it holds is bounded by the
// markers that are set within limits::read_marker_interval_ms.
// Threads: the decide thread alone. Times are log time.
class ReadNotes {
public:
    // Takes up the notes that the log was opened with. What was recorded before is not known:
    // until the interval after the log's last event is over, every marker is noted.
    explicit ReadNotes(const EventLog& log);

    // Whether a marker is to be noted now instead of recorded.
    [[nodiscard]] bool are_due_later(const UserId& user, const RoomId& room, Timestamp now) const;
    // nullptr: there is none.
    [[nodiscard]] const ReadNote* find(const UserId& user, const RoomId& room) const;
    void note(const ReadNote& note);
    // A room.read was staged. Whether there was a note, which has gone.
    bool recorded(const UserId& user, const RoomId& room, Timestamp at);

    // All of the user's, which go.
    [[nodiscard]] std::vector<ReadNote> take_of(const UserId& user);

    // Notes whose interval is over; again the next time, until they are recorded.
    [[nodiscard]] std::vector<ReadNote> due(Timestamp now);
    [[nodiscard]] std::vector<ReadNote> all() const;
    void clear();

private:
    struct Place {
        UserId user;
        RoomId room;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct PlaceHash {
        std::size_t operator()(const Place& place) const noexcept {
            return std::hash<UserId>{}(place.user) * 31 + std::hash<RoomId>{}(place.room);
        }
    };

    const Timestamp before_;  // nothing older is known
    std::unordered_map<Place, ReadNote, PlaceHash> notes_;
    std::unordered_map<Place, Timestamp, PlaceHash> recorded_;  // within the last interval
    std::deque<std::pair<Timestamp, Place>> order_;             // of recorded_
    std::vector<Place> due_;
};

}  // namespace verbatim
