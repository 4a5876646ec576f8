#pragma once

#include "eventstore/forgetting.hpp"

#include <memory>

namespace verbatim::testing {

// What `event` destroys; nullptr: nothing. user.erasure_begun and user.erased destroy all that the
// user wrote before, room.contents_expired the messages up to its version, a destroying
// message.deleted its message. Requires: the event is durable in `log`, which outlives the walk.
[[nodiscard]] std::unique_ptr<ForgettingWalk> walk_of(
    const EventLog& log, const RecordedEvent& event
);

}  // namespace verbatim::testing
