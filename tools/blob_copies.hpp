#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

// Copies of data/blobs: files under the name of their SHA-256, which never change.
namespace verbatim {

struct BlobEntry {
    Digest digest{};
    std::uint64_t bytes = 0;
    friend bool operator==(const BlobEntry&, const BlobEntry&) = default;
};

// What lies in `blobs`, ascending by name; nothing where there is no such directory. Files that
// come or go meanwhile may be there or not. Errors: cannot_open.
[[nodiscard]] StoreResult<std::vector<BlobEntry>> list_blobs(const std::filesystem::path& blobs);

// "<hex> <bytes>", one a line; and back. Errors of reading: cannot_open, corrupt_record.
[[nodiscard]] std::string blob_list(const std::vector<BlobEntry>& blobs);
[[nodiscard]] StoreResult<std::vector<BlobEntry>> read_blob_list(const std::filesystem::path& file);

struct CopiedBlobs {
    std::vector<BlobEntry> there;      // in `to` now, of those that were wanted
    std::uint64_t bytes = 0;           // that were copied for it
    std::vector<std::string> damaged;  // whose bytes are not what their name says: not copied
    std::vector<std::string> missing;  // wanted, and not in `from` any more
};
// Copies those of `wanted` that are not in `to` yet. What has a name there is whole and durable.
// `progress` is told how many bytes were looked at. Errors: cannot_open, io_failed, disk_full,
// outcome_unknown.
[[nodiscard]] StoreResult<CopiedBlobs> copy_blobs(
    const std::filesystem::path& from,
    const std::filesystem::path& to,
    const std::vector<BlobEntry>& wanted,
    const std::function<void(std::uint64_t bytes)>& progress
);

// Copies a file, durable, readable by its owner only, and tells what its bytes hash to.
// Errors: cannot_open, io_failed, disk_full, outcome_unknown.
[[nodiscard]] StoreResult<Digest> copy_and_hash(
    const std::filesystem::path& from, const std::filesystem::path& to
);

// What the files below `directory` weigh; 0 where there is none. Files may come and go meanwhile.
[[nodiscard]] std::uint64_t bytes_below(const std::filesystem::path& directory);

}  // namespace verbatim
