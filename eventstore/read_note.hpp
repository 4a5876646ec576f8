#pragma once

#include "domain/ids.hpp"

namespace verbatim {

// A read marker that is durable and has no event yet: of one user, in one room, at most one
// room.read is recorded every limits::read_marker_interval_ms, and until then the newest marker is
// noted. It is true, and becomes an event, in the same write in which the note goes.
struct ReadNote {
    UserId user;
    RoomId room;
    Version up_to;
    Timestamp at;
    CommandId command;  // the newest that moved it

    friend bool operator==(const ReadNote&, const ReadNote&) = default;
};

struct ReadNoteChange {
    ReadNote note;
    bool is_recorded = false;  // the note goes: an event says it, or more
};

}  // namespace verbatim
