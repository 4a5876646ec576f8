#include "tools/backup_files.hpp"

#include "tools/blob_copies.hpp"
#include "tools/progress.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace verbatim {

namespace {

constexpr std::chrono::milliseconds progress_interval(200);

}  // namespace

// RocksDB does not tell how far it is: the files do.
StoreResult<void> put_log_files(
    const BackupSet& set, const Backup& backup, const std::filesystem::path& data
) {
    const std::filesystem::path log = data / "log";
    const auto total = bytes_of_copy(set.log(), backup.copy);
    if (!total) return failure(total.error());
    ProgressBar bar("copying the log", *total);
    auto put =
        std::async(std::launch::async, [&] { return put_copy_into(set.log(), backup.copy, log); });
    while (put.wait_for(progress_interval) != std::future_status::ready)
        bar.show(bytes_below(log), "bytes");
    bar.show(*total, "bytes");
    return put.get();
}

StoreResult<std::vector<std::string>> put_blobs(
    const BackupSet& set, const Backup& backup, const std::filesystem::path& data
) {
    const auto wanted = read_blob_list(set.blob_list_of(backup.number));
    if (!wanted) return failure(wanted.error());
    std::uint64_t total = 0;
    for (const BlobEntry& blob : *wanted) total += blob.bytes;
    std::unique_ptr<ProgressBar> bar;
    if (total > 0) bar = std::make_unique<ProgressBar>("copying the blobs", total);
    auto copied = copy_blobs(set.blobs(), data / "blobs", *wanted, [&](std::uint64_t bytes) {
        if (bar) bar->show(bytes, "bytes");
    });
    if (!copied) return failure(copied.error());
    std::vector<std::string> lacking = std::move(copied->damaged);
    lacking.insert(lacking.end(), copied->missing.begin(), copied->missing.end());
    return lacking;
}

}  // namespace verbatim
