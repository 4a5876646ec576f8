#include "eventstore/log_copies.hpp"

#include "eventstore/durable_file.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/rocks_storage.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/backup_engine.h>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t progress_bytes = 4u << 20;

tl::unexpected<StoreError> failed(const fs::path& directory, const rocksdb::Status& status) {
    StoreFault fault = StoreFault::io_failed;
    if (status.IsCorruption()) fault = StoreFault::corrupt_record;
    if (status.IsNotFound()) fault = StoreFault::missing_record;
    if (status.IsNoSpace()) fault = StoreFault::disk_full;
    return failure(StoreError{fault, {}, directory.string() + ": " + status.ToString()});
}

// What reads a copy where it lies wants to be told a whole path.
rocksdb::BackupEngineOptions engine_options(const fs::path& directory) {
    std::error_code fault;
    rocksdb::BackupEngineOptions options(fs::absolute(directory, fault).string());
    options.callback_trigger_interval_size = progress_bytes;
    return options;
}

StoreResult<std::unique_ptr<rocksdb::BackupEngine>> open_engine(const fs::path& directory) {
    rocksdb::BackupEngine* opened = nullptr;
    const auto status =
        rocksdb::BackupEngine::Open(engine_options(directory), rocksdb::Env::Default(), &opened);
    if (status.ok()) return std::unique_ptr<rocksdb::BackupEngine>(opened);
    return failure(StoreError{
        StoreFault::cannot_open, {}, directory.string() + ": " + status.ToString()});
}

// Makes and changes nothing, unlike the other one.
StoreResult<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_engine_to_read(
    const fs::path& directory
) {
    rocksdb::BackupEngineReadOnly* opened = nullptr;
    const auto status = rocksdb::BackupEngineReadOnly::Open(
        engine_options(directory), rocksdb::Env::Default(), &opened
    );
    if (status.ok()) return std::unique_ptr<rocksdb::BackupEngineReadOnly>(opened);
    return failure(StoreError{
        StoreFault::cannot_open, {}, directory.string() + ": " + status.ToString()});
}

}  // namespace

// The WAL is copied, nothing is flushed for it: what is acknowledged is synced there, and a flush
// of every column at every copy would only make small tables.
StoreResult<CopyNumber> copy_log(
    Storage& storage, const fs::path& directory, const CopyProgress& progress
) {
    if (auto made = make_directory(directory); !made) return failure(made.error());
    auto engine = open_engine(directory);
    if (!engine) return failure(engine.error());
    std::uint64_t copied = 0;
    rocksdb::CreateBackupOptions options;
    options.progress_callback = [&] {
        copied += progress_bytes;
        if (progress && !progress(copied)) (*engine)->StopBackup();
    };
    rocksdb::BackupID number = 0;
    const auto status = (*engine)->CreateNewBackup(options, &database_of(storage), &number);
    if (status.IsIncomplete())
        return failure(StoreError{
            StoreFault::io_failed, {}, directory.string() + ": the copy was stopped"});
    if (!status.ok()) return failed(directory, status);
    return number;
}

StoreResult<void> remove_copies_but(const fs::path& directory, const std::set<CopyNumber>& kept) {
    auto engine = open_engine(directory);
    if (!engine) return failure(engine.error());
    std::vector<rocksdb::BackupInfo> copies;
    (*engine)->GetBackupInfo(&copies);
    std::vector<CopyNumber> unwanted;
    for (const auto& copy : copies)
        if (!kept.contains(copy.backup_id)) unwanted.push_back(copy.backup_id);
    std::vector<rocksdb::BackupID> damaged;
    (*engine)->GetCorruptedBackups(&damaged);
    for (const auto copy : damaged)
        if (!kept.contains(copy)) unwanted.push_back(copy);
    for (const CopyNumber copy : unwanted) {
        const auto status = (*engine)->DeleteBackup(copy);
        if (!status.ok()) return failed(directory, status);
    }
    const auto status = (*engine)->GarbageCollect();
    if (!status.ok()) return failed(directory, status);
    return {};
}

StoreResult<OpenedCopy> open_copy_to_read(const fs::path& directory, CopyNumber copy) {
    const auto engine = open_engine_to_read(directory);
    if (!engine) return failure(engine.error());
    rocksdb::BackupInfo info;
    constexpr bool with_files = true;
    const auto status = (*engine)->GetBackupInfo(copy, &info, with_files);
    if (!status.ok()) return failed(directory, status);
    auto storage = open_rocks_storage_to_read(
        {.directory = info.name_for_open,
         .columns = EventLog::column_names(),
         .env = info.env_for_open.get()}
    );
    if (!storage) return failure(storage.error());
    return OpenedCopy{.files = std::move(info.env_for_open), .storage = std::move(*storage)};
}

StoreResult<std::uint64_t> bytes_of_copy(const fs::path& directory, CopyNumber copy) {
    const auto engine = open_engine_to_read(directory);
    if (!engine) return failure(engine.error());
    rocksdb::BackupInfo info;
    const auto status = (*engine)->GetBackupInfo(copy, &info);
    if (!status.ok()) return failed(directory, status);
    return info.size;
}

StoreResult<void> put_copy_into(
    const fs::path& directory, CopyNumber copy, const fs::path& target
) {
    const auto engine = open_engine_to_read(directory);
    if (!engine) return failure(engine.error());
    if (auto made = make_directory(target); !made) return made;
    const auto status = (*engine)->RestoreDBFromBackup(
        rocksdb::RestoreOptions(), copy, target.string(), target.string()
    );
    if (!status.ok()) return failed(directory, status);
    return sync_directory(target);
}

}  // namespace verbatim
