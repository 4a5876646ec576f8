#include "eventstore/rocks_storage.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim {
namespace {

rocksdb::Slice slice(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

tl::unexpected<StoreError> read_failure(const rocksdb::Status& status) {
    const auto fault = status.IsCorruption() ? StoreFault::corrupt_record : StoreFault::io_failed;
    return failure(StoreError{fault, {}, status.ToString()});
}

class RocksBatch final : public StorageBatch {
public:
    explicit RocksBatch(const std::vector<rocksdb::ColumnFamilyHandle*>& columns)
        : columns_(columns) {}

    void put(std::size_t column, std::string_view key, std::string_view value) override {
        note(writes_.Put(columns_[column], slice(key), slice(value)));
    }
    void erase(std::size_t column, std::string_view key) override {
        note(writes_.Delete(columns_[column], slice(key)));
    }
    [[nodiscard]] std::size_t bytes() const override { return writes_.GetDataSize(); }
    [[nodiscard]] rocksdb::WriteBatch& writes() { return writes_; }
    // Whether every change went in: RocksDB refuses keys and batches of 4 GiB.
    [[nodiscard]] const rocksdb::Status& status() const { return status_; }

private:
    void note(rocksdb::Status status) {
        if (!status.ok()) status_ = std::move(status);
    }

    const std::vector<rocksdb::ColumnFamilyHandle*>& columns_;
    rocksdb::WriteBatch writes_;
    rocksdb::Status status_;
};

class RocksCursor final : public StorageCursor {
public:
    RocksCursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column, std::string_view upper)
        : upper_(upper), upper_slice_(upper_) {
        rocksdb::ReadOptions options;
        if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
        iterator_.reset(db.NewIterator(options, column));
    }

    [[nodiscard]] bool valid() const override { return iterator_->Valid(); }
    void next() override { iterator_->Next(); }
    void previous() override { iterator_->Prev(); }
    void seek(std::string_view key) override { iterator_->Seek(slice(key)); }
    void seek_for_previous(std::string_view key) override { iterator_->SeekForPrev(slice(key)); }
    [[nodiscard]] std::string_view key() const override { return view(iterator_->key()); }
    [[nodiscard]] std::string_view value() const override { return view(iterator_->value()); }
    [[nodiscard]] StoreResult<void> status() const override {
        const rocksdb::Status status = iterator_->status();
        if (!status.ok()) return read_failure(status);
        return {};
    }

private:
    const std::string upper_;
    const rocksdb::Slice upper_slice_;  // RocksDB keeps the address
    std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Of a column that a store opened to read does not have.
class EmptyCursor final : public StorageCursor {
public:
    [[nodiscard]] bool valid() const override { return false; }
    void next() override {}
    void previous() override {}
    void seek(std::string_view) override {}
    void seek_for_previous(std::string_view) override {}
    [[nodiscard]] std::string_view key() const override { return {}; }
    [[nodiscard]] std::string_view value() const override { return {}; }
    [[nodiscard]] StoreResult<void> status() const override { return {}; }
};

class RocksStorage final : public Storage {
public:
    RocksStorage(
        std::unique_ptr<rocksdb::DB> db,
        std::vector<rocksdb::ColumnFamilyHandle*> columns,
        std::string directory
    )
        : db_(std::move(db)), columns_(std::move(columns)), directory_(std::move(directory)) {}

    ~RocksStorage() override {
        for (rocksdb::ColumnFamilyHandle* column : columns_) {
            if (column == nullptr) continue;
            // Fails only for a handle that is not the database's own.
            db_->DestroyColumnFamilyHandle(column).PermitUncheckedError();
        }
        db_->Close().PermitUncheckedError();  // what was promised is in the synced WAL already
    }

    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override {
        return std::make_unique<RocksBatch>(columns_);
    }
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) override {
        auto& rocks_batch = static_cast<RocksBatch&>(*batch);
        if (!rocks_batch.status().ok()) return write_failure(rocks_batch.status());
        rocksdb::WriteOptions options;
        options.sync = durability == Durability::synced;
        return checked_write([&] { return db_->Write(options, &rocks_batch.writes()); });
    }
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const override {
        if (columns_[column] == nullptr) return std::optional<std::string>();
        std::string value;
        const auto status = db_->Get({}, columns_[column], slice(key), &value);
        if (status.IsNotFound()) return std::optional<std::string>();
        if (!status.ok()) return read_failure(status);
        return std::optional<std::string>(std::move(value));
    }
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override {
        if (columns_[column] == nullptr) return std::make_unique<EmptyCursor>();
        return std::make_unique<RocksCursor>(*db_, columns_[column], upper);
    }
    [[nodiscard]] StoreResult<void> clear(std::size_t column) override;
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> ranges) override;
    void cancel_scrub() override { scrub_is_cancelled_ = true; }
    [[nodiscard]] std::uint64_t disk_bytes() const override;
    [[nodiscard]] rocksdb::DB& database() { return *db_; }

private:
    static constexpr std::uint32_t rows_cleared_singly_max = 10'000;

    [[nodiscard]] StoreResult<void> remove_all_rows(
        rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& removal
    ) const;
    template <class Write>
    StoreResult<void> checked_write(const Write& write) {
        if (failed_.load(std::memory_order_relaxed)) {
            return failure(StoreError{
                StoreFault::outcome_unknown,
                {},
                "an earlier write to " + directory_ + " failed: restart to find out what is there"}
            );
        }
        const rocksdb::Status status = write();
        if (!status.ok()) return write_failure(status);
        return {};
    }
    // RocksDB may recover by itself from a failed write, and would then take later ones although
    // nobody knows what the failed one left behind.
    tl::unexpected<StoreError> write_failure(const rocksdb::Status& status) {
        failed_ = true;
        return failure(StoreError{
            StoreFault::outcome_unknown, {}, directory_ + ": " + status.ToString()});
    }

    std::unique_ptr<rocksdb::DB> db_;
    // Owned by db_; released before it. Null: the store, opened to read, does not have it.
    std::vector<rocksdb::ColumnFamilyHandle*> columns_;
    const std::string directory_;
    std::atomic<bool> failed_{false};
    std::atomic<bool> scrub_is_cancelled_{false};
};

StoreResult<void> RocksStorage::clear(std::size_t column) {
    rocksdb::ColumnFamilyHandle* const handle = columns_[column];
    rocksdb::WriteBatch removal;
    if (auto filled = remove_all_rows(handle, removal); !filled) return filled;
    if (removal.Count() == 0) return {};

    return checked_write([&] {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        rocksdb::Status status = db_->Write(synced, &removal);
        // The rest gives the space back at once, and keeps later scans from wading through what
        // was removed.
        if (status.ok()) status = rocksdb::DeleteFilesInRange(db_.get(), handle, nullptr, nullptr);
        if (status.ok()) status = db_->CompactRange({}, handle, nullptr, nullptr);
        return status;
    });
}

// Many rows as one range, few each by itself: compacting a range that leaves nothing behind ends
// the process, where the disk fails at that very moment, on an assertion that Debian's RocksDB 7.8
// has switched on (SubcompactionState::SmallestUserKey() of an output without a key).
StoreResult<void> RocksStorage::remove_all_rows(
    rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& removal
) const {
    const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator({}, column));
    for (row->SeekToFirst(); row->Valid() && removal.Count() < rows_cleared_singly_max; row->Next())
        removal.Delete(column, row->key());
    if (row->Valid()) {
        row->SeekToLast();
        removal.Clear();
        if (row->Valid())
            removal.DeleteRange(column, rocksdb::Slice(), row->key().ToString() + '\0');
    }
    if (!row->status().ok()) return read_failure(row->status());
    return {};
}

// Flushing all columns ends every write-ahead log that was written to before. A range's tables are
// rewritten down to the last level, where what erases a key goes with it.
StoreResult<void> RocksStorage::scrub(std::span<const KeyRange> ranges) {
    rocksdb::Status status;
    if (scrub_is_cancelled_) status = rocksdb::Status::Incomplete("the store is being closed");
    if (status.ok()) status = db_->Flush({}, columns_);
    for (const KeyRange& range : ranges) {
        if (!status.ok()) break;
        rocksdb::CompactRangeOptions options;
        options.exclusive_manual_compaction = false;
        options.canceled = &scrub_is_cancelled_;
        options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        const rocksdb::Slice begin = slice(range.begin);
        const rocksdb::Slice end = slice(range.end);
        status = db_->CompactRange(
            options,
            columns_[range.column],
            range.begin.empty() ? nullptr : &begin,
            range.end.empty() ? nullptr : &end
        );
    }
    // Switched on again, the removal of old files is done before the call returns.
    if (status.ok()) status = db_->DisableFileDeletions();
    if (status.ok()) status = db_->EnableFileDeletions(/*force=*/false);
    if (!status.ok()) return read_failure(status);
    return {};
}

std::uint64_t RocksStorage::disk_bytes() const {
    std::vector<rocksdb::Env::FileAttributes> files;
    if (!db_->GetEnv()->GetChildrenFileAttributes(directory_, &files).ok()) return 0;
    std::uint64_t total = 0;
    for (const auto& file : files) total += file.size_bytes;
    return total;
}

// ---- Opening ------------------------------------------------------------------------------------

rocksdb::DBOptions database_options(const RocksOptions& options) {
    rocksdb::DBOptions database;
    database.env = options.env != nullptr ? options.env : rocksdb::Env::Default();
    database.create_if_missing = true;
    database.create_missing_column_families = true;
    database.paranoid_checks = true;

    // What was acknowledged is never rolled back in silence (docs/operations.md).
    database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    database.track_and_verify_wals_in_manifest = true;
    database.recycle_log_file_num = 0;
    database.max_bgerror_resume_count = 0;  // a failed write is found out by reopening only
    database.manual_wal_flush = false;

    // A start replays at most about this much WAL; none of it is flushed before it answers.
    database.max_total_wal_size = options.wal_bytes_max;
    database.avoid_flush_during_recovery = true;
    database.max_open_files = 512;
    database.max_file_opening_threads = 1;  // else each column starts and ends sixteen
    database.skip_stats_update_on_db_open = true;

    // One thread writes: RocksDB's machinery for many only costs.
    database.enable_pipelined_write = false;
    database.allow_concurrent_memtable_write = false;
    database.enable_write_thread_adaptive_yield = false;
    database.max_background_jobs = 2;
    database.bytes_per_sync = 1u << 20;  // a flush must not make the WAL's fsync wait for its pages

    database.stats_dump_period_sec = 0;
    database.stats_persist_period_sec = 0;
    database.keep_log_file_num = 2;
    database.max_log_file_size = 1u << 20;
    database.max_manifest_file_size = 16u << 20;
    return database;
}

rocksdb::CompressionType compression() {
    const auto supported = rocksdb::GetSupportedCompressions();
    const bool has_lz4 =
        std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
    return has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

bool has(const std::vector<std::size_t>& columns, std::size_t column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

rocksdb::ColumnFamilyOptions column_options(
    const RocksOptions& options, std::size_t column, const std::shared_ptr<rocksdb::Cache>& cache
) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = 16u << 10;
    // Indexes and filters live in the cache, so that it bounds all of them, and are cut into
    // partitions: a whole filter of a million keys does not fit into a shard of the cache, and
    // would be read again for each key.
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    if (has(options.point_lookup_columns, column)) {
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    }
    rocksdb::ColumnFamilyOptions family;
    for (const AscendingKeys& ascending : options.ascending_keys) {
        if (ascending.column != column) continue;
        // A memtable then looks for a key's place beside the last one with that prefix.
        family.memtable_insert_with_hint_prefix_extractor.reset(
            rocksdb::NewCappedPrefixTransform(ascending.prefix_bytes)
        );
    }
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compaction_style = rocksdb::kCompactionStyleLevel;
    family.compression = compression();
    family.write_buffer_size = options.write_buffer_bytes;
    family.max_write_buffer_number = 3;  // one fills, one is flushed, one waits: writes never do
    return family;
}

// The directory and its own entry survive a power loss before anything is written into it.
StoreResult<void> make_directory(const std::filesystem::path& directory) {
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) return {};
    const std::filesystem::path absolute = std::filesystem::absolute(directory, error);
    if (!error) std::filesystem::create_directories(absolute, error);
    if (!error) {
        std::filesystem::permissions(absolute, std::filesystem::perms::owner_all, error);
    }
    if (!error) {
        const int parent = ::open(absolute.parent_path().c_str(), O_RDONLY | O_DIRECTORY);
        if (parent < 0 || ::fsync(parent) != 0) error.assign(errno, std::generic_category());
        if (parent >= 0) ::close(parent);
    }
    if (!error) return {};
    return failure(StoreError{
        StoreFault::cannot_open,
        {},
        "cannot make the directory " + directory.string() + ": " + error.message()});
}

tl::unexpected<StoreError> open_failure(
    const RocksOptions& options, rocksdb::Env& env, const rocksdb::Status& status
) {
    const std::string directory = options.directory.string();
    if (status.IsCorruption()) {
        return failure(StoreError{
            StoreFault::corrupt_record,
            {},
            directory + ": " + status.ToString() + ". Restore a backup into an empty directory"});
    }
    rocksdb::FileLock* lock = nullptr;
    if (env.LockFile(directory + "/LOCK", &lock).ok()) {
        env.UnlockFile(lock).PermitUncheckedError();
        return failure(StoreError{StoreFault::cannot_open, {}, directory + ": " + status.ToString()}
        );
    }
    return failure(StoreError{
        StoreFault::cannot_open,
        {},
        directory +
            " is in use by another process, or not ours to write: stop that process, or "
            "choose another data directory (" +
            status.ToString() + ")"});
}

// RocksDB opens all column families or none. One that this build does not know was made by a
// newer one.
StoreResult<void> check_columns(
    const RocksOptions& options, const rocksdb::DBOptions& database, const std::string& directory
) {
    std::vector<std::string> existing;
    if (!database.env->FileExists(directory + "/CURRENT").ok()) return {};
    const auto status = rocksdb::DB::ListColumnFamilies(database, directory, &existing);
    if (!status.ok()) return open_failure(options, *database.env, status);
    for (const std::string& name : existing) {
        if (name == rocksdb::kDefaultColumnFamilyName) continue;
        if (std::find(options.columns.begin(), options.columns.end(), name) !=
            options.columns.end()) {
            continue;
        }
        return failure(StoreError{
            StoreFault::written_by_newer_build,
            {},
            directory + " has a column '" + name + "' that this build does not know"});
    }
    return {};
}

}  // namespace

StoreResult<std::unique_ptr<Storage>> open_rocks_storage(const RocksOptions& options) {
    if (options.env == nullptr) {
        const auto made = make_directory(options.directory);
        if (!made) return failure(made.error());
    }
    const std::string directory = options.directory.string();
    const rocksdb::DBOptions database = database_options(options);
    const auto known = check_columns(options, database, directory);
    if (!known) return failure(known.error());

    constexpr int cache_shard_bits = 2;  // few threads read; shards must be larger than blocks
    const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, cache_shard_bits);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (std::size_t column = 0; column < options.columns.size(); ++column) {
        families.emplace_back(options.columns[column], column_options(options, column, cache));
    }
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());

    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(database, directory, families, &handles, &opened);
    if (!status.ok()) return open_failure(options, *database.env, status);
    return std::make_unique<RocksStorage>(
        std::unique_ptr<rocksdb::DB>(opened), std::move(handles), directory
    );
}

StoreResult<std::unique_ptr<Storage>> open_rocks_storage_to_read(const RocksOptions& options) {
    const std::string directory = options.directory.string();
    rocksdb::DBOptions database = database_options(options);
    database.create_if_missing = false;
    // All tables at once: the process that writes may remove one that it has merged into others.
    database.max_open_files = -1;
    std::vector<std::string> existing;
    auto status = rocksdb::DB::ListColumnFamilies(database, directory, &existing);
    if (!status.ok()) {
        return failure(StoreError{
            StoreFault::cannot_open, {}, directory + " holds no store: " + status.ToString()});
    }
    const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    std::vector<std::size_t> columns;
    for (std::size_t column = 0; column < options.columns.size(); ++column) {
        const std::string& name = options.columns[column];
        if (std::find(existing.begin(), existing.end(), name) == existing.end()) continue;
        families.emplace_back(name, column_options(options, column, cache));
        columns.push_back(column);
    }
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());

    std::vector<rocksdb::ColumnFamilyHandle*> opened_handles;
    rocksdb::DB* opened = nullptr;
    // A log file that the writer has just put away is not there any more: once more, then.
    for (int attempt = 0; attempt < 3; ++attempt) {
        status =
            rocksdb::DB::OpenForReadOnly(database, directory, families, &opened_handles, &opened);
        if (status.ok()) break;
    }
    if (!status.ok()) {
        const auto fault =
            status.IsCorruption() ? StoreFault::corrupt_record : StoreFault::cannot_open;
        return failure(StoreError{fault, {}, directory + ": " + status.ToString()});
    }
    std::vector<rocksdb::ColumnFamilyHandle*> handles(options.columns.size(), nullptr);
    for (std::size_t i = 0; i < columns.size(); ++i) handles[columns[i]] = opened_handles[i];
    handles.push_back(opened_handles.back());
    return std::make_unique<RocksStorage>(
        std::unique_ptr<rocksdb::DB>(opened), std::move(handles), directory
    );
}

rocksdb::DB& database_of(Storage& storage) {
    return static_cast<RocksStorage&>(storage).database();
}

bool is_rocks_storage_in_use(const std::filesystem::path& directory) {
    const int lock = ::open((directory / "LOCK").c_str(), O_RDWR | O_CLOEXEC);
    if (lock < 0) return false;
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    const bool is_in_use = ::fcntl(lock, F_GETLK, &range) == 0 && range.l_type != F_UNLCK;
    ::close(lock);
    return is_in_use;
}

}  // namespace verbatim
