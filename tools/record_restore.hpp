#pragma once

#include "eventstore/event_log.hpp"
#include "tools/erasures.hpp"

#include <functional>
#include <vector>

// Restoring a log record by record: where it ends earlier than the copy does, or must not hold
// again what was forgotten since.
namespace verbatim {

// Appends the records of `from` up to and including `up_to` to the empty log `to`, as they are, but
// without the contents that `erasures` destroy, which are never written.
// Errors: those of reading `from` and of EventLog::replicate.
[[nodiscard]] StoreResult<void> copy_records(
    const EventLog& from,
    EventLog& to,
    Position up_to,
    const Erasures& erasures,
    const std::function<void(Position)>& progress
);

// Appends to `to` the events that say so: user.erasure_begun with the ends of the sessions,
// message.deleted with destroyed, room.contents_expired; of what `from` knew at `up_to`, and had
// not forgotten by then. What else an erasure takes (memberships, files), the server does when it
// starts. Requires: `to` holds from's records up to `up_to`, and nothing more of these streams.
// Errors: those of reading `from` and of EventLog::commit.
[[nodiscard]] StoreResult<void> append_erasures(
    const EventLog& from, EventLog& to, Position up_to, const Erasures& erasures
);

}  // namespace verbatim
