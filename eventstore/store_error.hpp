#pragma once

#include "domain/ids.hpp"
#include "domain/result.hpp"

#include <string>
#include <string_view>

namespace verbatim {

// What a store can fail at. Closed; never told apart by text.
enum class StoreFault {
    cannot_open,             // missing, locked by another process, or no permission
    written_by_newer_build,  // format, min_reader or an event's schema is newer than this build
    corrupt_record,          // checksum, layout or commitment disagrees with the bytes
    missing_record,          // a position or version that must exist does not
    missing_content,         // a text is gone and no later event destroyed it
    io_failed,               // a read failed; nothing changed
    outcome_unknown,         // a write or its fsync failed: it may or may not be there
    disk_full,               // refused before writing: free space is below the reserve
    log_is_shorter_than_checkpoint,
    log_differs_from_checkpoint,
    does_not_follow,  // what was to be copied does not go on where the log ends; nothing changed
    log_diverged,     // the log is no copy of what was to be copied: another epoch or another tree
};

struct StoreError {
    StoreFault fault = StoreFault::io_failed;
    Position position;   // where, if a place in the log is concerned; else 0
    std::string detail;  // for people and logs: what, where and what to do. Never for branching
};

template <class T>
using StoreResult = Expected<T, StoreError>;

[[nodiscard]] std::string_view name_of(StoreFault fault);
// "corrupt_record at position 17: …"
[[nodiscard]] std::string describe(const StoreError& error);

}  // namespace verbatim
