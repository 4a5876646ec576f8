#pragma once

#include "domain/ids.hpp"
#include "domain/rejection.hpp"
#include "domain/result.hpp"

#include <vector>

namespace verbatim {

// Who asks, and the moment at which they ask: log time, never before the last event's. The only
// way time enters the domain.
struct CommandContext {
    UserId actor;
    Timestamp now;
};

// What the envelope of a recorded event says beside its payload. Events do not repeat it: each has
// exactly one author, one time and one place.
struct EventContext {
    UserId by;
    Timestamp at;
    Version version;  // place in its stream; a room's room_seq
};

// The events to record, or the rule that refused. An empty list means "already so": the caller
// answers success and nothing is written, which makes retries harmless.
template <class Event>
using Decision = Expected<std::vector<Event>, Rule>;

}  // namespace verbatim
