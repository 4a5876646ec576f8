#pragma once

#include "eventstore/event_log.hpp"

#include <optional>
#include <vector>

// Copying a log record by record: what EventLog::replicate appends. A copy's records, tree, root
// and proofs are the original's. Followers, replays into a new log, and imports of exports stand
// on this; so the parts come from anywhere and nothing of them is trusted.
namespace verbatim {

// A piece of a log, as it is stored there.
struct ReplicaPart {
    Position after;                     // exclusive: the first event is the one that follows it
    std::optional<Digest> root_before;  // of the original's tree of size `after`, where known
    // In order. A content that is gone was destroyed, or is a secret that is not copied.
    std::vector<StoredEvent> events;
};

// A part whose records were judged by themselves.
struct VerifiedPart {
    Position after;
    std::optional<Digest> root_before;
    std::vector<StoredEvent> stored;
    std::vector<RecordedEvent> events;  // what `stored` says
    std::vector<Digest> leaves;         // their hashes
};

// Checks and decodes each record: checksum, layout, that it stands at its position, its facts, and
// that its contents are what it commits to. Pure, and most of the work of copying: may be done on
// another thread than replicate(). Costs about 4 us an event.
// Errors: corrupt_record, written_by_newer_build, does_not_follow (a record of another position);
// with the position.
[[nodiscard]] StoreResult<VerifiedPart> verify(ReplicaPart part);

}  // namespace verbatim
