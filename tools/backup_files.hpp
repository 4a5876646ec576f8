#pragma once

#include "eventstore/store_error.hpp"
#include "tools/backup_set.hpp"

#include <filesystem>
#include <string>
#include <vector>

// What a backup holds, put into a data directory, with progress on standard error.
namespace verbatim {

// The log's files, each compared with its checksum, to <data>/log.
// Errors: those of put_copy_into().
[[nodiscard]] StoreResult<void> put_log_files(
    const BackupSet& set, const Backup& backup, const std::filesystem::path& data
);

// The blobs, each compared with its name, to <data>/blobs. The names of those that are damaged or
// missing. Errors: those of read_blob_list() and copy_blobs().
[[nodiscard]] StoreResult<std::vector<std::string>> put_blobs(
    const BackupSet& set, const Backup& backup, const std::filesystem::path& data
);

}  // namespace verbatim
