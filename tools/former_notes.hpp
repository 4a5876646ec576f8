#pragma once

#include "domain/server.hpp"
#include "eventstore/audit/findings.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/log_storage.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// What the log's key signed in epochs that are over: the files checkpoint.<epoch>.
struct FormerNotes {
    std::vector<TreeHead> heads;         // which this log's records must have, ascending by size
    std::uint64_t given_up = 0;          // notes of records that a log.epoch_begun has let go
    std::vector<AuditFinding> findings;  // notes that are not signed
};

// Reads those beside a checkpoint file in `directory`. `verifier_key` is the log's, of any epoch:
// its key is the same in all, only its name differs.
// Errors: cannot_open, and those of reading the events log.epoch_begun.
[[nodiscard]] StoreResult<FormerNotes> read_former_notes(
    const std::filesystem::path& directory, const Storage& log, const std::string& verifier_key
);

// A note of the log's key, of this epoch or a former one. nullopt: of another key, or no note.
[[nodiscard]] std::optional<TreeHead> verify_note_of_any_epoch(
    const std::string& note, const std::string& verifier_key
);

// What a log says of an epoch that is over.
struct FormerEpoch {
    Position kept_to;                // up to here it has that epoch's records
    std::optional<Position> let_go;  // the log.epoch_begun that says so; nullopt: none does
    EpochCause cause = EpochCause::restored;
    Timestamp at;  // log time of it
};
// Of the epoch that signed `head`, which is not the log's own.
// Errors: those of reading the events log.epoch_begun.
[[nodiscard]] StoreResult<FormerEpoch> former_epoch_of(const Storage& log, const TreeHead& head);

// All of them, of this epoch and of those before, but those of lost keys. Errors: cannot_open.
[[nodiscard]] StoreResult<std::vector<std::string>> all_notes_in(
    const std::filesystem::path& directory
);

// Copies checkpoint and checkpoint.<epoch>, durable. Nothing where there is none.
// Errors: cannot_open, io_failed, outcome_unknown.
[[nodiscard]] StoreResult<void> copy_notes(
    const std::filesystem::path& from, const std::filesystem::path& to
);

// For when the key that signed them is lost, so that nothing can check them any more: renames each
// to its name and ".old". Nothing where there is none. Errors: outcome_unknown.
[[nodiscard]] StoreResult<void> retire_notes(const std::filesystem::path& directory);

}  // namespace verbatim
