// The power goes at every single operation on the disk, once for each, while a script appends;
// then the disk keeps what POSIX promises (tests/support/faulty_disk.hpp) and no more.
#include "eventstore/rocks_storage.hpp"
#include "tests/support/faulty_disk.hpp"
#include "tests/support/log_scribe.hpp"

#include <algorithm>
#include <gtest/gtest.h>

// RocksDB 7.8 forgets the memtable that it just made when the power goes while it begins a new WAL.
// Read by LeakSanitizer, if the tests are built with it.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}

namespace verbatim::testing {
namespace {

constexpr std::uint64_t batches_per_script = 12;
constexpr std::uint64_t events_per_batch = 3;
const RoomId room = numbered_id<RoomId>(1);
const UserId author = numbered_id<UserId>(2);

// The log's storage with every write made buffered: a build that forgot to sync.
class UnsyncedStorage final : public Storage {
public:
    explicit UnsyncedStorage(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override {
        return storage_->new_batch();
    }
    [[nodiscard]] StoreResult<void> write(std::unique_ptr<StorageBatch> batch, Durability)
        override {
        return storage_->write(std::move(batch), Durability::buffered);
    }
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const override {
        return storage_->get(column, key);
    }
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override {
        return storage_->cursor(column, upper);
    }
    [[nodiscard]] StoreResult<void> clear(std::size_t column) override {
        return storage_->clear(column);
    }
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> ranges) override {
        return storage_->scrub(ranges);
    }
    [[nodiscard]] std::uint64_t disk_bytes() const override { return storage_->disk_bytes(); }

private:
    std::unique_ptr<Storage> storage_;
};

using OpenLog = StoreResult<std::unique_ptr<EventLog>>;

OpenLog open_log(FaultyDisk& disk, Durability durability) {
    auto storage = open_rocks_storage(
        {.directory = "/log",
         .columns = EventLog::column_names(),
         .write_buffer_bytes = 64u << 10,
         .wal_bytes_max = 8u << 10,
         .point_lookup_columns = {EventLog::claims},
         .ascending_keys = {{EventLog::records, 1}, {EventLog::streams, 1 + 16}},
         .env = disk.env()}
    );
    if (!storage) return failure(storage.error());
    if (durability == Durability::buffered) {
        storage = std::make_unique<UnsyncedStorage>(std::move(*storage));
    }
    return EventLog::open(std::move(*storage), counted_bytes(), Uuid{}, Timestamp(1));
}

// Appends batch after batch until all are there or the power is gone. The position up to which the
// log said that it is durable.
Position append_until_power_goes(FaultyDisk& disk, Durability durability) {
    const auto log = open_log(disk, durability);
    if (!log) return Position();
    LogScribe scribe(**log);
    while ((*log)->head().value() < batches_per_script * events_per_batch) {
        std::vector<Event> events;
        for (std::uint64_t i = 0; i < events_per_batch; ++i) {
            events.push_back(sent(std::string(300, static_cast<char>('a' + i))));
        }
        scribe.write(
            stream_of(room), author, std::move(events), key_numbered((*log)->head().value())
        );
        if (!scribe.commit()) break;
        // It clears and compacts columns: tables are written, logs end and are removed, and an
        // interrupted rebuild has to be finished when the log is opened.
        const bool rebuilds = (*log)->head().value() % (4 * events_per_batch) == 0;
        if (rebuilds && !(*log)->rebuild_indexes()) break;
    }
    return (*log)->head();
}

// What there is after the power came back, checked to be whole. The log's head.
Position check_what_is_left(FaultyDisk& disk) {
    const auto log = open_log(disk, Durability::synced);
    if (!log) {
        ADD_FAILURE() << describe(log.error());
        return Position();
    }
    const Position head = (*log)->head();
    EXPECT_EQ(head.value() % events_per_batch, 0u) << "a batch is there in part";
    const auto events = all_of(*(*log)->read_all(Position()));
    EXPECT_EQ(events.size(), head.value());
    EXPECT_EQ(all_of(*(*log)->read_stream(stream_of(room), Version())), events);
    for (std::uint64_t first = 1; first <= head.value(); first += events_per_batch) {
        const auto remembered = (*log)->remembered(key_numbered(first - 1).key);
        EXPECT_TRUE(remembered && *remembered && (*remembered)->first == Position(first));
    }
    const auto root = root_at(head.value(), (*log)->tree_nodes());
    EXPECT_TRUE(root && *root == (*log)->tree_head().second);
    return head;
}

std::size_t operations_of_whole_script() {
    FaultyDisk disk;
    EXPECT_EQ(
        append_until_power_goes(disk, Durability::synced).value(),
        batches_per_script * events_per_batch
    );
    return disk.operations();
}

// Whether a power cut at the operation `cut` loses something that was acknowledged.
bool loses_something(std::size_t cut, Durability durability, FaultyDisk::Tail tail) {
    FaultyDisk disk;
    disk.cut_power_after(cut);
    const Position acknowledged = append_until_power_goes(disk, durability);
    EXPECT_TRUE(disk.power_is_off() || acknowledged.value() > 0);
    disk.restore_power(tail);
    return check_what_is_left(disk) < acknowledged;
}

TEST(PowerLoss, LosesNoAcknowledgedBatchAndLeavesNoTornOne) {
    const std::size_t operations = operations_of_whole_script();
    RecordProperty("power_cuts", std::to_string(operations));
    for (std::size_t cut = 0; cut < operations; ++cut) {
        EXPECT_FALSE(loses_something(cut, Durability::synced, FaultyDisk::Tail::lost)) << cut;
    }
}

TEST(PowerLoss, LosesNothingEitherWhereHalfOfTheUnsyncedBytesAreLeft) {
    const std::size_t operations = operations_of_whole_script();
    for (std::size_t cut = 0; cut < operations; cut += 5) {
        EXPECT_FALSE(loses_something(cut, Durability::synced, FaultyDisk::Tail::torn)) << cut;
    }
}

// The same test, run with a log that forgets to sync, finds that out.
TEST(PowerLoss, WouldLoseAcknowledgedBatchesIfTheyWereNotSynced) {
    const std::size_t operations = operations_of_whole_script();
    std::size_t cut = operations / 4;
    while (cut < operations && !loses_something(cut, Durability::buffered, FaultyDisk::Tail::lost)
    ) {
        ++cut;
    }
    EXPECT_LT(cut, operations) << "no power cut lost anything, though nothing was synced";
}

TEST(PowerLoss, AfterAFailedWriteTheLogStopsAndIsWholeWhenReopened) {
    using Failure = FaultyDisk::Failure;
    for (const Failure failure : {Failure::eio, Failure::enospc}) {
        for (const bool syncing : {false, true}) {
            FaultyDisk disk;
            {
                const auto log = open_log(disk, Durability::synced).value();
                LogScribe scribe(*log);
                const auto write_three = [&](std::uint64_t key) {
                    scribe.write(
                        stream_of(room),
                        author,
                        {sent("a"), sent("b"), sent("c")},
                        key_numbered(key)
                    );
                    return scribe.commit();
                };
                ASSERT_TRUE(write_three(0).has_value());
                if (syncing) disk.fail_next_sync(failure);
                if (!syncing) disk.fail_next_write(failure);
                for (const std::uint64_t key : {3u, 6u}) {
                    const auto committed = write_three(key);
                    ASSERT_FALSE(committed.has_value());
                    EXPECT_EQ(committed.error().fault, StoreFault::outcome_unknown);
                }
                EXPECT_EQ(log->head(), Position(3));
                EXPECT_TRUE(log->read(Position(3)).has_value());
            }
            // Whichever way the failed batch went, all of it went there; the refused one never.
            const Position head = check_what_is_left(disk);
            EXPECT_GE(head, Position(3));
            EXPECT_LE(head, Position(6));
        }
    }
}

}  // namespace
}  // namespace verbatim::testing
