#pragma once

#include "domain/decision.hpp"

#include <unordered_map>
#include <variant>

namespace verbatim {

// A user moved its read marker in a room. In the reader's own stream, not in the room's.
struct RoomRead {
    RoomId room;
    Version up_to;
    friend bool operator==(const RoomRead&, const RoomRead&) = default;
};
using ReaderEvent = std::variant<RoomRead>;

struct MarkRead {
    RoomId room;
    Version up_to;
};
using ReaderCommand = std::variant<MarkRead>;

// How far one user has read, in every room where it ever said so.
struct Reader {
    std::unordered_map<RoomId, Version> read_up_to;
    friend bool operator==(const Reader&, const Reader&) = default;
};

struct ReaderFacts {
    bool room_is_known = false;  // it exists and the actor may know of it
    bool actor_is_member = false;
    Version room_version;  // the last event of the room's stream
};

// Markers only move forward: an equal or smaller one is "already so".
[[nodiscard]] Decision<ReaderEvent> decide(
    const Reader& reader,
    const ReaderFacts& facts,
    const ReaderCommand& command,
    const CommandContext& context
);
[[nodiscard]] Reader evolve(Reader reader, const ReaderEvent& event, const EventContext& context);

}  // namespace verbatim
