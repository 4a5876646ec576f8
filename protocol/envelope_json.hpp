#pragma once

#include "eventstore/event_record.hpp"

#include <string>

namespace verbatim {

// Appends the contract's envelope of an event: the same in the feed, in REST, in RabbitMQ and in
// exports. Secrets are not part of it.
//   {"position":…,"room_id":…|null,"room_seq":…|null,"type":…,"schema":…,"at":…,"occurred_at"?:…,
//    "actor_id":…,"command_id":…,"data":{…}}
void append_envelope(std::string& out, const RecordedEvent& event);

// The event as whoever is not an auditor reads it after its message was deleted: texts null, lists
// empty. Only message.sent and message.edited change.
[[nodiscard]] RecordedEvent without_contents(RecordedEvent event);

}  // namespace verbatim
