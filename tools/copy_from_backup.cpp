#include "tools/copy_from_backup.hpp"

#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/random.hpp"
#include "tools/backup_files.hpp"
#include "tools/log_check.hpp"
#include "tools/unfinished.hpp"

#include <utility>

namespace verbatim {

namespace {

StoreResult<void> check_log_of(
    const BackupSet& set, const Backup& backup, const std::filesystem::path& data
) {
    const auto storage =
        open_rocks_storage_to_read({.directory = data / "log", .columns = EventLog::column_names()}
        );
    if (!storage) return failure(storage.error());
    const auto report = check_log(
        **storage,
        {.notes = set.directory_of(backup.number),
         .verifier_key = backup.verifier_key,
         .what = "verifying the log"}
    );
    if (!report) return failure(report.error());
    if (auto refused = refuse_findings(*report, "the copied log"); !refused) return refused;
    if (report->head == backup.head && report->root.value_or(Digest{}) == backup.root) return {};
    return failure(StoreError{
        StoreFault::corrupt_record, {}, "the copy of the log is not the one that was backed up"});
}

// From here on no node leads with it, and its erased texts are those that its leader erased.
StoreResult<void> mark_replica(const std::filesystem::path& data) {
    const auto log =
        open_rocks_event_log((data / "log").string(), random_bytes, Uuid(), system_now());
    if (!log) return failure(log.error());
    return (*log)->mark_replica();
}

}  // namespace

StoreResult<Position> copy_from_backup(
    const std::filesystem::path& backups, const std::filesystem::path& data, const Uuid& epoch
) {
    const auto set = BackupSet::open(backups, BackupSet::For::reading);
    if (!set) return failure(set.error());
    const auto backup = set->find(std::nullopt);
    if (!backup) return failure(backup.error());
    if (backup->epoch != epoch)
        return failure(StoreError{
            StoreFault::log_diverged,
            {},
            "backup " + std::to_string(backup->number) + " in " + backups.string() +
                " is of the epoch " + base32_text(backup->epoch) + ", and the leader's log of " +
                base32_text(epoch) + ". Take a new backup of the leader, or follow without one"});
    auto done = begin_filling(data, "a copy of a backup");
    if (done) done = put_log_files(*set, *backup, data);
    if (done) done = check_log_of(*set, *backup, data);
    if (done) done = mark_replica(data);
    if (!done) return failure(done.error());
    if (auto put = put_blobs(*set, *backup, data); !put) return failure(put.error());
    if (auto ended = end_filling(data); !ended) return failure(ended.error());
    return backup->head;
}

}  // namespace verbatim
