#pragma once

#include "domain/ids.hpp"
#include "eventstore/store_error.hpp"

#include <filesystem>

namespace verbatim {

// verbatim follow --from-backup DIR
//
// Fills `data`, which is empty or not there, for a follower, with the newest backup below `backups`
// as it stands: the same epoch, no keys, no tree heads. Reads all of it again, and compares it with
// what was signed. Blobs that are damaged or missing are left out: a follower fetches them. Until
// it has returned successfully no node opens `data`; whoever calls it again begins anew. The
// position up to which the backup goes. Errors: log_diverged (its epoch is not `epoch`; `data` is
// as it was), cannot_open (no backup there, `data` holds something), corrupt_record, and those of
// the files.
[[nodiscard]] StoreResult<Position> copy_from_backup(
    const std::filesystem::path& backups, const std::filesystem::path& data, const Uuid& epoch
);

}  // namespace verbatim
