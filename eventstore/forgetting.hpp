#pragma once

#include "eventstore/event_log.hpp"

#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

// Which contents an event destroys, found in the log itself, so that whoever has the events
// destroys the same.
namespace verbatim {

// A walk over what is to be destroyed, in bounded pieces. Reads the log when asked, keeps nothing
// between. Finds what is gone already too: a walk that was interrupted is begun anew.
class ForgettingWalk {
public:
    virtual ~ForgettingWalk() = default;
    // The next piece, which may be empty; nullopt at the end. Errors: those of EventLog::read.
    [[nodiscard]] virtual StoreResult<std::optional<Forgotten>> next() = 0;
};

// All that `users` wrote, and what was written of their accounts, in (after, up_to]: one pass over
// the records, however many they are.
[[nodiscard]] std::unique_ptr<ForgettingWalk> walk_of_users(
    const EventLog& log, std::unordered_set<UserId> users, Position after, Position up_to
);
// The contents of the room's messages with a seq in (after, up_to].
[[nodiscard]] std::unique_ptr<ForgettingWalk> walk_of_expiry(
    const EventLog& log, const PendingExpiry& expiry
);

}  // namespace verbatim
