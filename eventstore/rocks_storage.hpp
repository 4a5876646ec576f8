#pragma once

#include "eventstore/log_storage.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace verbatim {

// Keys of `column` that begin with the same `prefix_bytes` are mostly put in ascending order.
struct AscendingKeys {
    std::size_t column = 0;
    std::size_t prefix_bytes = 0;
};

struct RocksOptions {
    std::filesystem::path directory;   // made if missing, mode 0700
    std::vector<std::string> columns;  // names, in the order of the column numbers
    std::size_t write_buffer_bytes = 32u << 20;
    std::size_t block_cache_bytes = 64u << 20;
    std::size_t wal_bytes_max = 32u << 20;  // about what a start after a crash must replay
    // Columns that are mostly read by exact key get a bloom filter.
    std::vector<std::size_t> point_lookup_columns{};
    // Puts into these columns then search from the last one, not from the top of the memtable.
    std::vector<AscendingKeys> ascending_keys{};
    rocksdb::Env* env = nullptr;  // tests: a disk that fails or forgets; not owned
};

// RocksDB with the options of docs/operations.md: WAL never recycled, tracked in the manifest,
// point-in-time recovery, max_open_files 512. Holds RocksDB's lock on the directory: a second
// process gets cannot_open.
[[nodiscard]] StoreResult<std::unique_ptr<Storage>> open_rocks_storage(const RocksOptions& options);

// The same to read only, as it is at this moment: takes no lock, changes and makes nothing, and may
// be done beside the process that writes. Columns that are not there are opened as empty ones.
// Errors: cannot_open (nothing there, too), corrupt_record, written_by_newer_build.
[[nodiscard]] StoreResult<std::unique_ptr<Storage>> open_rocks_storage_to_read(
    const RocksOptions& options
);
// RocksDB's own handle, for what only it can do. Owned by `storage`.
// Requires: `storage` is of one of the two functions above.
[[nodiscard]] rocksdb::DB& database_of(Storage& storage);

// Whether another process has the directory open to write. Requires: this one has not, since its
// own lock would end with the look at it (POSIX).
[[nodiscard]] bool is_rocks_storage_in_use(const std::filesystem::path& directory);

}  // namespace verbatim
