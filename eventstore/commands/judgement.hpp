#pragma once

#include "eventstore/commands/aggregates.hpp"
#include "eventstore/commands/sequencer.hpp"

#include <optional>
#include <vector>

// From a command to its verdict: what must be recalled for it, and what the domain says then. Knows
// nothing of threads, batches or answers' times.
namespace verbatim {

// The unique name that the command would take.
[[nodiscard]] std::optional<ClaimName> claim_wanted_by(const Submission& submission);

// What must be here before the command can be judged, its own stream first. `holder` holds the name
// that it wants. May grow by what was recalled: a message is asked for once its room is here.
[[nodiscard]] std::vector<AggregateKey> needs_of(
    const Submission& submission, const std::optional<Uuid>& holder, const Aggregates& aggregates
);

// The events to record; none: already so.
struct Verdict {
    StreamId stream;  // that the answer speaks of; the submission's wherever there are events
    std::vector<Event> events;
};
// Requires: needs_of() are here. Errors: refused, room_has_moved_on. Whoever may not know of a room
// does not learn from If-Match where it stands.
[[nodiscard]] Expected<Verdict, CommandError> judge(
    const Submission& submission,
    const std::optional<Uuid>& holder,
    const Aggregates& aggregates,
    Timestamp now
);

}  // namespace verbatim
