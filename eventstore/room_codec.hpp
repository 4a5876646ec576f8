#pragma once

#include "eventstore/facts.hpp"

#include <span>

// The payloads of a room's events. Facts omit what has its default; texts are contents, in the
// order of docs/event_catalogue.md.
namespace verbatim {

void write(const RoomEvent& event, PayloadWriter& payload);

// One for each alternative, in the variant's order; reads the newest schema. What it makes is only
// good if the reader noted no problem.
using ReadRoomEvent = RoomEvent (*)(PayloadReader& payload);
[[nodiscard]] std::span<const ReadRoomEvent> room_event_readers();

}  // namespace verbatim
