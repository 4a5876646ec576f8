#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/durable_file.hpp"
#include "eventstore/log_copies.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// A directory of backups: docs/operations.md says what lies where. A backup is there once its
// backup.json is, which is written last; whatever was interrupted before is cleared away later.
namespace verbatim {

struct Backup {
    std::uint32_t number = 0;  // 1, 2, …, never again
    CopyNumber copy = 0;       // of the log
    Uuid epoch;
    Position head;
    Digest root{};  // of the tree at `head`
    Timestamp taken_at;
    std::string verifier_key;  // the log's, without which its signatures cannot be checked
    std::uint64_t blobs = 0;
};

class BackupSet {
public:
    enum class For { writing, reading };
    // For writing: makes the directory, mode 0700, and excludes every other process from it; for
    // reading: excludes those who write.
    // Errors: cannot_open (also: another process is at it; it holds something else; no backups).
    [[nodiscard]] static StoreResult<BackupSet> open(std::filesystem::path directory, For use);

    // Ascending by number. Errors: cannot_open, corrupt_record.
    [[nodiscard]] StoreResult<std::vector<Backup>> list() const;
    // The one of that number, or the newest. Errors: missing_record, those of list().
    [[nodiscard]] StoreResult<Backup> find(std::optional<std::uint32_t> number) const;

    // The rest requires: opened for writing.
    // Makes the directory of the next one, empty; its number.
    [[nodiscard]] StoreResult<std::uint32_t> begin() const;
    // Now it is there.
    [[nodiscard]] StoreResult<void> finish(const Backup& backup) const;
    // Removes all but the newest `keep`, and whatever no backup needs.
    [[nodiscard]] StoreResult<void> prune(std::size_t keep) const;

    [[nodiscard]] std::filesystem::path log() const { return directory_ / "log"; }
    [[nodiscard]] std::filesystem::path blobs() const { return directory_ / "blobs"; }
    // Where a backup's tree heads lie, and its list of blobs.
    [[nodiscard]] std::filesystem::path directory_of(std::uint32_t number) const;
    [[nodiscard]] std::filesystem::path blob_list_of(std::uint32_t number) const {
        return directory_of(number) / "blobs";
    }

private:
    BackupSet(std::filesystem::path directory, FileHandle lock)
        : directory_(std::move(directory)), lock_(std::move(lock)) {}
    [[nodiscard]] StoreResult<void> remove_blobs_but_of(const std::vector<Backup>& kept) const;

    std::filesystem::path directory_;
    FileHandle lock_;
};

}  // namespace verbatim
