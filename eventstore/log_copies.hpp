#pragma once

#include "eventstore/log_storage.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>

// Copies of a log's store in a directory of their own, taken while it is written to. Each is whole
// by itself; files that have not changed since an earlier copy are kept once (RocksDB's
// BackupEngine). A copy that was interrupted is none, and is cleared away by the next.
//
// Threads: any, but one at a time for one directory.
namespace verbatim {

// Names a copy within its directory; greater for later ones.
using CopyNumber = std::uint32_t;

// Told how many bytes were copied so far, every 4 MiB; false stops the work.
using CopyProgress = std::function<bool(std::uint64_t bytes)>;

// Copies what `storage` holds at one moment between this call and its return: all batches up to
// some batch that was written, none of later ones. Durable once it returned.
// Requires: `storage` is of open_rocks_storage() and stays open.
// Errors: cannot_open (`directory` cannot be made or is no such directory), io_failed (also when it
// was stopped); no copy was added.
[[nodiscard]] StoreResult<CopyNumber> copy_log(
    Storage& storage, const std::filesystem::path& directory, const CopyProgress& progress
);

// Removes the copies that are not in `kept`, and the files that no other copy has.
// Errors: cannot_open, io_failed.
[[nodiscard]] StoreResult<void> remove_copies_but(
    const std::filesystem::path& directory, const std::set<CopyNumber>& kept
);

// A copy, to be read where it lies.
struct OpenedCopy {
    std::shared_ptr<void> files;  // must outlive `storage`
    std::unique_ptr<Storage> storage;
};
// Errors: missing_record (no such copy, or one of its files is missing or of another size),
// cannot_open, corrupt_record.
[[nodiscard]] StoreResult<OpenedCopy> open_copy_to_read(
    const std::filesystem::path& directory, CopyNumber copy
);

// What a copy's files weigh. Errors: as above.
[[nodiscard]] StoreResult<std::uint64_t> bytes_of_copy(
    const std::filesystem::path& directory, CopyNumber copy
);

// Puts a copy's files into `target`, each compared with its checksum, durable.
// Errors: missing_record, corrupt_record (a file is not what was copied), io_failed; `target` is
// then no store.
[[nodiscard]] StoreResult<void> put_copy_into(
    const std::filesystem::path& directory, CopyNumber copy, const std::filesystem::path& target
);

}  // namespace verbatim
