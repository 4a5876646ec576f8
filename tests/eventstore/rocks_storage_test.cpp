#include "eventstore/rocks_storage.hpp"

#include "tests/eventstore/storage_contract.hpp"
#include "tests/support/faulty_disk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>

namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;

RocksOptions options_in(const std::filesystem::path& directory) {
    return {
        .directory = directory,
        .columns = {"zero", "one", "two"},
        .write_buffer_bytes = 1u << 20,
        .point_lookup_columns = {1},
        .ascending_keys = {{0, 1}, {1, 16}}};
}

struct RocksBackend {
    TemporaryFolder folder;
    [[nodiscard]] std::shared_ptr<Storage> open() const {
        return open_rocks_storage(options_in(folder.path() / "log")).value();
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, StorageContract, RocksBackend);

class RocksStorage : public ::testing::Test {
protected:
    [[nodiscard]] RocksOptions on_faulty_disk() {
        RocksOptions options = options_in("/log");
        options.env = disk.env();
        return options;
    }
    [[nodiscard]] static StoreFault fault_of_opening(const RocksOptions& options) {
        const auto opened = open_rocks_storage(options);
        EXPECT_FALSE(opened.has_value());
        return opened ? StoreFault::io_failed : opened.error().fault;
    }
    [[nodiscard]] static StoreResult<void> put(Storage& storage, std::string_view key) {
        auto batch = storage.new_batch();
        batch->put(0, key, "value");
        return storage.write(std::move(batch), Durability::synced);
    }
    // Tables on disk rather than memtables, so that reading has to touch files.
    void fill_tables(const RocksOptions& options) {
        const auto storage = open_rocks_storage(options).value();
        put_all(*storage, 0, {{"key", std::string(1'000, 'x')}});
        put_all(*storage, 1, {{"a", "1"}});
        for (int i = 0; i < 40; ++i) {
            put_all(*storage, 0, {{"k" + std::to_string(i), std::string(100'000, 'x')}});
        }
    }

    TemporaryFolder folder;
    FaultyDisk disk;
};

TEST_F(RocksStorage, MakesItsDirectoryForItsOwnerOnly) {
    const auto directory = folder.path() / "data" / "log";
    ASSERT_TRUE(open_rocks_storage(options_in(directory)).has_value());
    EXPECT_EQ(std::filesystem::status(directory).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(RocksStorage, HoldsAfterReopeningWhatWasWritten) {
    const RocksOptions options = options_in(folder.path());
    put_all(*open_rocks_storage(options).value(), 2, {{"a", "1"}, {"b", "2"}});
    EXPECT_EQ(
        entries_of(*open_rocks_storage(options).value(), 2), (Entries{{"a", "1"}, {"b", "2"}})
    );
}

// LZ4 leaves bytes that it has not seen before as they are, so what stands in a compressed table
// can be looked for.
std::vector<std::string> files_with(const std::filesystem::path& folder, std::string_view text) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        if (bytes.find(text) != std::string::npos) found.push_back(entry.path().filename());
    }
    return found;
}

TEST_F(RocksStorage, LeavesNoByteOfWhatWasErasedOrReplacedOnceScrubbed) {
    const std::string secret = "kQ7vXw2ZpLr9TnB4";
    const auto storage = open_rocks_storage(options_in(folder.path())).value();
    put_all(*storage, 0, {{"a", "stays"}, {"b", secret}, {"c", "stays"}});
    put_all(*storage, 1, {{"replaced", secret}});
    const std::vector<KeyRange> all{{0, {}, {}}, {1, {}, {}}};
    ASSERT_TRUE(storage->scrub(all));
    EXPECT_FALSE(files_with(folder.path(), secret).empty()) << "in tables of the last level";
    erase_one(*storage, 0, "b");
    put_all(*storage, 1, {{"replaced", "by this"}});
    put_all(*storage, 2, {{"kept", "in the write-ahead log until then"}});
    EXPECT_FALSE(files_with(folder.path(), secret).empty());
    ASSERT_TRUE(storage->scrub(all));
    EXPECT_EQ(files_with(folder.path(), secret), std::vector<std::string>());
    EXPECT_EQ(entries_of(*storage, 0), (Entries{{"a", "stays"}, {"c", "stays"}}));
    EXPECT_EQ(entries_of(*storage, 1), (Entries{{"replaced", "by this"}}));
}

TEST_F(RocksStorage, ScrubsARangeOfKeysAlone) {
    const std::string secret = "kQ7vXw2ZpLr9TnB4";
    const auto storage = open_rocks_storage(options_in(folder.path())).value();
    put_all(*storage, 0, {{"a", "stays"}, {"b", secret}, {"c", "stays"}});
    erase_one(*storage, 0, "b");
    const std::vector<KeyRange> range{{0, "b", "c"}};
    ASSERT_TRUE(storage->scrub(range));
    EXPECT_EQ(files_with(folder.path(), secret), std::vector<std::string>());
    EXPECT_EQ(entries_of(*storage, 0), (Entries{{"a", "stays"}, {"c", "stays"}}));
}

TEST_F(RocksStorage, CannotBeOpenedTwiceAtOnceAndSaysWhatToDo) {
    const auto first = open_rocks_storage(options_in(folder.path())).value();
    const auto second = open_rocks_storage(options_in(folder.path()));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().fault, StoreFault::cannot_open);
    EXPECT_THAT(second.error().detail, HasSubstr(folder.path().string()));
    EXPECT_THAT(second.error().detail, HasSubstr("stop that process"));
}

TEST_F(RocksStorage, CannotBeOpenedWhereThereIsNoDirectory) {
    std::ofstream(folder.path() / "file") << "not a directory";
    EXPECT_EQ(
        fault_of_opening(options_in(folder.path() / "file" / "log")), StoreFault::cannot_open
    );
}

TEST_F(RocksStorage, RefusesAColumnOfANewerBuild) {
    RocksOptions newer = options_in(folder.path());
    newer.columns.emplace_back("three");
    ASSERT_TRUE(open_rocks_storage(newer).has_value());
    EXPECT_EQ(fault_of_opening(options_in(folder.path())), StoreFault::written_by_newer_build);
}

TEST_F(RocksStorage, AddsAColumnThatAnOlderBuildDidNotHave) {
    put_all(*open_rocks_storage(options_in(folder.path())).value(), 0, {{"a", "1"}});
    RocksOptions newer = options_in(folder.path());
    newer.columns.emplace_back("three");
    const auto storage = open_rocks_storage(newer).value();
    EXPECT_EQ(entries_of(*storage, 3), Entries());
    EXPECT_EQ(entries_of(*storage, 0), (Entries{{"a", "1"}}));
}

TEST_F(RocksStorage, SaysThatAManifestIsCorrupt) {
    fill_tables(options_in(folder.path()));
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
        if (!file.path().filename().string().starts_with("MANIFEST")) continue;
        std::fstream(file.path(), std::ios::in | std::ios::out).seekp(20) << "damaged";
    }
    EXPECT_EQ(fault_of_opening(options_in(folder.path())), StoreFault::corrupt_record);
}

TEST_F(RocksStorage, SaysThatATableIsMissing) {
    const RocksOptions options = options_in(folder.path());
    fill_tables(options);
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
        if (file.path().extension() == ".sst") std::filesystem::remove(file.path());
    }
    EXPECT_EQ(fault_of_opening(options), StoreFault::corrupt_record);
}

TEST_F(RocksStorage, ReadsNoDamagedBlock) {
    const RocksOptions options = options_in(folder.path());
    fill_tables(options);
    bool has_tables = false;
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
        if (file.path().extension() != ".sst") continue;
        has_tables = true;
        std::fstream(file.path(), std::ios::in | std::ios::out).seekp(30) << "damaged";
    }
    ASSERT_TRUE(has_tables);
    const auto storage = open_rocks_storage(options).value();
    const auto cursor = storage->cursor(0);
    cursor->seek({});
    ASSERT_FALSE(cursor->valid());
    EXPECT_EQ(cursor->status().error().fault, StoreFault::corrupt_record);
    EXPECT_EQ(storage->get(0, "k0").error().fault, StoreFault::corrupt_record);
}

TEST_F(RocksStorage, SaysThatReadingFailed) {
    fill_tables(on_faulty_disk());
    const auto storage = open_rocks_storage(on_faulty_disk()).value();
    disk.fail_reads();
    const auto read = storage->get(0, "k0");
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().fault, StoreFault::io_failed);
    const auto cursor = storage->cursor(0);
    cursor->seek({});
    ASSERT_FALSE(cursor->valid());
    EXPECT_EQ(cursor->status().error().fault, StoreFault::io_failed);
}

TEST_F(RocksStorage, AfterAFailedWriteOrSyncNothingIsWrittenUntilReopened) {
    for (const auto failure : {FaultyDisk::Failure::eio, FaultyDisk::Failure::enospc}) {
        for (const bool syncing : {false, true}) {
            FaultyDisk faulty;
            RocksOptions options = options_in("/log");
            options.env = faulty.env();
            auto storage = open_rocks_storage(options).value();
            ASSERT_TRUE(put(*storage, "before").has_value());
            if (syncing) faulty.fail_next_sync(failure);
            if (!syncing) faulty.fail_next_write(failure);
            for (const char* const key : {"failed", "after"}) {
                const auto written = put(*storage, key);
                ASSERT_FALSE(written.has_value());
                EXPECT_EQ(written.error().fault, StoreFault::outcome_unknown);
            }
            EXPECT_FALSE(storage->clear(1).has_value() && storage->clear(0).has_value());
            EXPECT_EQ(storage->get(0, "before").value(), "value");
            EXPECT_EQ(storage->get(0, "failed").value(), std::nullopt);

            storage.reset();
            storage = open_rocks_storage(options).value();
            EXPECT_EQ(storage->get(0, "before").value(), "value");
            EXPECT_EQ(storage->get(0, "after").value(), std::nullopt);
            EXPECT_TRUE(put(*storage, "again").has_value());
        }
    }
}

}  // namespace
}  // namespace verbatim::testing
