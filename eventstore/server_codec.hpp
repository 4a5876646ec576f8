#pragma once

#include "eventstore/facts.hpp"

#include <span>

// The payloads of the server's own events: as room_codec.hpp.
namespace verbatim {

void write(const ServerEvent& event, PayloadWriter& payload);

using ReadServerEvent = ServerEvent (*)(PayloadReader& payload);
[[nodiscard]] std::span<const ReadServerEvent> server_event_readers();

}  // namespace verbatim
