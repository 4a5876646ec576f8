#pragma once

#include "api/exchange.hpp"

#include <functional>
#include <optional>

namespace verbatim::api {

// For every query that is answered only because of the actor's role, auditor or admin: has the read
// recorded (protocol/audit_reads.hpp), then goes on with `read` on the connection's worker; where
// it could not be recorded, the problem is answered and nothing is read. A follower has its leader
// record and answer. `room`: the one whose
// contents are read, where it is one room's.
void audited_read(
    const ExchangePtr& exchange,
    const Actor& actor,
    std::optional<RoomId> room,
    std::function<void()> read
);

}  // namespace verbatim::api
