#pragma once

#include "eventstore/audit/findings.hpp"
#include "eventstore/audit/raw_batch.hpp"
#include "eventstore/event_record.hpp"

#include <optional>
#include <vector>

namespace verbatim {

// What the order of things is judged by, of one record.
struct ExaminedRecord {
    Position position;
    bool is_whole = false;  // what follows is only there for a record that could be taken apart
    StreamId stream;
    Version version;
    Timestamp at;
    Digest leaf{};
    UserId actor;
    std::optional<Version> message;       // the message that it sends, or names
    bool lacks_content = false;           // one that it commits to is gone
    bool destroys_message = false;        // `message`'s contents go with it
    bool erases_user = false;             // all go that its stream's user wrote
    std::optional<Version> expires_to{};  // those of the stream's messages up to it go
};
struct ExaminedBatch {
    std::vector<ExaminedRecord> records;
    std::vector<AuditFinding> findings;
};

// Judges each record by itself: checksum, layout, place, facts against its schema, contents against
// their commitments. Pure; batches may be examined on as many threads as there are.
// `of_replica`: secrets are not there, and need not be.
[[nodiscard]] ExaminedBatch examine(const RawBatch& batch, bool of_replica);

}  // namespace verbatim
