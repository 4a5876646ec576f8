#pragma once

#include "eventstore/event_log.hpp"
#include "eventstore/record_layout.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <utility>

namespace verbatim {

// What was forgotten after some position, whose records an older copy of the log still has texts
// for: erased users, destroyed messages, expired rooms.
struct Erasures {
    std::map<UserId, UserId> users;                         // and who began it
    std::map<std::pair<RoomId, Version>, UserId> messages;  // by seq, and who destroyed it
    std::map<RoomId, Version> expired;                      // up to and including
    Position head;                                          // how far they were looked for

    void add(const RecordedEvent& event);
    void add(const Erasures& others);
    [[nodiscard]] bool empty() const {
        return users.empty() && messages.empty() && expired.empty();
    }
    // Whether the contents of a record are destroyed by one of these. Errors: corrupt_record,
    // written_by_newer_build.
    [[nodiscard]] StoreResult<bool> destroy_contents_of(const RecordView& record) const;
};

// Of a log, after `after` (exclusive). Errors: those of EventLog::scan.
[[nodiscard]] StoreResult<Erasures> erasures_in(const EventLog& log, Position after);

// Where the other's records begin to count, and what the last one before is.
struct CommonPast {
    Position position;
    Digest leaf{};
};
// Of a newer data directory, at rest or beside its server, or of a file that verbatim export has
// written. Errors: log_differs_from_checkpoint where it is of another history than `past`, or ends
// before it; those of reading.
[[nodiscard]] StoreResult<Erasures> erasures_from(
    const std::filesystem::path& source, const CommonPast& past
);

}  // namespace verbatim
