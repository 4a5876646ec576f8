#include "eventstore/log_copies.hpp"

#include "eventstore/audit/log_audit.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <thread>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;

const auto alice = numbered_id<UserId>(1);
const auto room = numbered_id<RoomId>(2);

// A log that is open and written to, and copies of it.
class LogCopies : public ::testing::Test {
protected:
    void SetUp() override {
        open();
        LogScribe scribe(*log);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(room), alice, {room_created()});
        ASSERT_TRUE(scribe.commit().has_value());
        say(100);
    }

    void open() {
        auto opened = open_log_storage(folder.path() / "log");
        ASSERT_TRUE(opened.has_value()) << describe(opened.error());
        storage = opened->get();
        auto made =
            EventLog::open(std::move(*opened), counted_bytes(), numbered_uuid(9), Timestamp(1));
        ASSERT_TRUE(made.has_value()) << describe(made.error());
        log = std::move(*made);
    }
    void say(int messages) {
        LogScribe scribe(*log);
        for (int i = 0; i < messages; ++i) {
            scribe.write(stream_of(room), alice, {sent("number " + std::to_string(i))});
            if (i % 10 != 9 && i + 1 != messages) continue;
            EXPECT_TRUE(scribe.commit().has_value());
        }
    }
    void write_megabytes(int megabytes) {
        LogScribe scribe(*log);
        for (int i = 0; i < megabytes * 256; ++i) {
            scribe.write(stream_of(room), alice, {sent(std::string(4'096, 'x'))});
            if (i % 64 != 63) continue;
            EXPECT_TRUE(scribe.commit().has_value());
        }
    }
    CopyNumber copy() {
        const auto made = copy_log(*storage, copies, {});
        EXPECT_TRUE(made.has_value()) << describe(made.error());
        return made.value_or(0);
    }
    static std::set<std::string> files_in(const fs::path& directory) {
        std::set<std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(directory))
            if (entry.is_regular_file())
                files.insert(fs::relative(entry.path(), directory).string());
        return files;
    }
    // What an audit says of a store: its head and root, nothing wrong.
    static void expect_whole(const Storage& stored, Position head, const Digest& root) {
        const auto report = audit_log(stored, {.threads = 1});
        ASSERT_TRUE(report.has_value()) << describe(report.error());
        for (const AuditFinding& finding : report->findings.kept())
            EXPECT_EQ(finding.fault, AuditFault::no_tree_head) << finding.detail;
        EXPECT_EQ(report->head, head);
        EXPECT_EQ(report->root, root);
    }

    TemporaryFolder folder;
    const fs::path copies = folder.path() / "copies";
    std::unique_ptr<EventLog> log;
    Storage* storage = nullptr;
};

TEST_F(LogCopies, HoldWhatTheLogHeldAndAreReadWhereTheyLie) {
    const auto [size, root] = log->tree_head();
    const CopyNumber number = copy();
    say(50);
    const auto opened = open_copy_to_read(copies, number);
    ASSERT_TRUE(opened.has_value()) << describe(opened.error());
    expect_whole(*opened->storage, Position(size), root);
}

TEST_F(LogCopies, AreALogAgainOnceTheyArePutSomewhere) {
    const auto before = all_of(*log->read_all(Position()));
    const CopyNumber number = copy();
    say(50);
    const auto put = put_copy_into(copies, number, folder.path() / "restored");
    ASSERT_TRUE(put.has_value()) << describe(put.error());
    const auto restored = open_rocks_event_log(
        (folder.path() / "restored").string(), counted_bytes(), numbered_uuid(7), Timestamp(2)
    );
    ASSERT_TRUE(restored.has_value()) << describe(restored.error());
    EXPECT_EQ(all_of(*(*restored)->read_all(Position())), before);
    EXPECT_EQ((*restored)->epoch(), log->epoch());
    LogScribe scribe(**restored);
    scribe.write(stream_of(room), alice, {sent("and it goes on")});
    EXPECT_TRUE(scribe.commit().has_value());
}

TEST_F(LogCopies, AreOfOneMomentWhileTheLogIsWritten) {
    std::atomic<bool> done{false};
    std::thread writer([&] {
        while (!done) say(10);
    });
    std::vector<CopyNumber> made;
    std::vector<Position> before;
    for (int i = 0; i < 5; ++i) {
        before.push_back(log->head());
        made.push_back(copy());
    }
    done = true;
    writer.join();
    for (std::size_t i = 0; i < made.size(); ++i) {
        const fs::path target = folder.path() / ("restored" + std::to_string(i));
        ASSERT_TRUE(put_copy_into(copies, made[i], target).has_value());
        const auto restored =
            open_rocks_event_log(target.string(), counted_bytes(), Uuid(), Timestamp(2));
        ASSERT_TRUE(restored.has_value()) << describe(restored.error());
        const Position head = (*restored)->head();
        EXPECT_GE(head, before[i]) << "what was acknowledged before is there";
        const auto root = root_at(head.value(), log->tree_nodes());
        ASSERT_TRUE(root.has_value());
        EXPECT_EQ((*restored)->tree_head().second, *root);
    }
}

TEST_F(LogCopies, ShareTheFilesThatHaveNotChanged) {
    write_megabytes(48);  // more than is kept in memory: tables are written
    copy();
    const auto first = files_in(copies / "shared_checksum");
    ASSERT_FALSE(first.empty());
    say(10);
    copy();
    const auto second = files_in(copies / "shared_checksum");
    EXPECT_EQ(second, first);
}

TEST_F(LogCopies, ThatAreStoppedAreNone) {
    const CopyNumber first = copy();
    say(10);
    write_megabytes(16);
    int told = 0;
    const auto stopped = copy_log(*storage, copies, [&](std::uint64_t) {
        ++told;
        return false;
    });
    EXPECT_GT(told, 0);
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().fault, StoreFault::io_failed);
    EXPECT_TRUE(open_copy_to_read(copies, first).has_value()) << "the one before is as it was";
    EXPECT_FALSE(open_copy_to_read(copies, first + 1).has_value());
    const CopyNumber next = copy();
    EXPECT_TRUE(open_copy_to_read(copies, next).has_value());
}

TEST_F(LogCopies, AreRemovedWithWhatOnlyTheyHave) {
    const CopyNumber first = copy();
    say(20);
    const CopyNumber second = copy();
    ASSERT_TRUE(remove_copies_but(copies, {second}).has_value());
    const auto gone = open_copy_to_read(copies, first);
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().fault, StoreFault::missing_record);
    EXPECT_FALSE(fs::exists(copies / "private" / std::to_string(first)));
    const auto [size, root] = log->tree_head();
    const auto kept = open_copy_to_read(copies, second);
    ASSERT_TRUE(kept.has_value()) << describe(kept.error());
    expect_whole(*kept->storage, Position(size), root);
}

TEST_F(LogCopies, AreNotPutAnywhereWithAFileThatIsDamaged) {
    const CopyNumber number = copy();
    for (const auto& entry : fs::directory_iterator(copies / "private" / std::to_string(number))) {
        if (entry.path().extension() != ".log" || entry.file_size() < 1000) continue;
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(500);
        file.put('!');
    }
    const auto put = put_copy_into(copies, number, folder.path() / "restored");
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().fault, StoreFault::corrupt_record) << describe(put.error());
}

TEST_F(LogCopies, SayWhereThereAreNone) {
    EXPECT_FALSE(open_copy_to_read(folder.path() / "nowhere", 1).has_value());
    EXPECT_FALSE(put_copy_into(folder.path() / "nowhere", 1, folder.path() / "x").has_value());
    EXPECT_FALSE(fs::exists(folder.path() / "nowhere"));
}

}  // namespace

}  // namespace verbatim::testing
