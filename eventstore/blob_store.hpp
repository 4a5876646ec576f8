#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/durable_file.hpp"

#include <filesystem>
#include <vector>

namespace verbatim {

// A file's bytes, open for reading: they stay readable even if the blob is removed meanwhile.
// Threads: any, also at once.
class Blob {
public:
    Blob(FileHandle file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    // Up to `bytes_max` from `offset` on; less only at the end. Errors: io_failed.
    [[nodiscard]] StoreResult<std::string> read(std::uint64_t offset, std::size_t bytes_max) const {
        return read_at(file_, offset, bytes_max);
    }

private:
    FileHandle file_;
    std::uint64_t bytes_;
};

// Bytes under the name of their SHA-256, <directory>/ab/abcd…: the same bytes are kept once. What
// has a name is whole: it is written elsewhere, synced, and then renamed.
//
// Threads: any. Two that put and remove the same blob at once must agree beforehand who is first.
class BlobStore {
public:
    // Makes `directory`. Errors: cannot_open.
    [[nodiscard]] static StoreResult<BlobStore> open(std::filesystem::path directory);

    // Takes `file`, which must be on the same file system and whose SHA-256 is `digest`; it is gone
    // from where it was, also when the blob was there before. Can be repeated after a crash.
    // Errors: io_failed, disk_full, outcome_unknown: `file` or the blob is there.
    [[nodiscard]] StoreResult<void> put(const Digest& digest, const std::filesystem::path& file);
    // Errors: missing_record when there is none; io_failed.
    [[nodiscard]] StoreResult<Blob> open(const Digest& digest) const;
    [[nodiscard]] bool has(const Digest& digest) const;
    // The names of all that are there. Errors: io_failed.
    [[nodiscard]] StoreResult<std::vector<Digest>> all() const;
    // Success too when there is none.
    [[nodiscard]] StoreResult<void> remove(const Digest& digest);

private:
    explicit BlobStore(std::filesystem::path directory) : directory_(std::move(directory)) {}
    [[nodiscard]] std::filesystem::path path_of(const Digest& digest) const;

    std::filesystem::path directory_;
};

}  // namespace verbatim
