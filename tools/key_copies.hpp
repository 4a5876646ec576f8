#pragma once

#include "domain/ids.hpp"
#include "eventstore/store_error.hpp"

#include <filesystem>
#include <string>

// The files of data/keys, carried to another place and back.
namespace verbatim {

// All of them, durable, readable by their owner only; in the place of those that are there.
// Errors: cannot_open, io_failed, disk_full, outcome_unknown.
[[nodiscard]] StoreResult<void> copy_keys(
    const std::filesystem::path& from, const std::filesystem::path& to
);

// Whose keys they must be.
struct KeyOwner {
    Uuid epoch;
    std::string verifier_key;  // of the log
};
// The same, of a log that is known by its verifier key. Errors: also corrupt_record (they are
// another log's).
[[nodiscard]] StoreResult<void> put_keys(
    const std::filesystem::path& from, const std::filesystem::path& to, const KeyOwner& owner
);

}  // namespace verbatim
