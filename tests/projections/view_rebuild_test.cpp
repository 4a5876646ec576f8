#include "projections/view_checkpoint.hpp"
#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

namespace verbatim::testing {
namespace {

// Views that are up to date with a log, and then are spoiled.

class CatchUp : public ::testing::Test {
protected:
    CatchUp() {
        log = log_of(events);
        catch_up(*test.views, *log);
        expected = rows_of(*test.views);
    }
    // Changes a checkpoint, and a row beside it that only a rebuild can put right.
    template <class Change>
    void spoil(const std::string& view, const Change& change) {
        const std::size_t column = TestViews::column_of(view);
        auto checkpoint =
            parse_checkpoint(test.storage->get(column, checkpoint_key).value().value());
        ASSERT_TRUE(checkpoint);
        change(*checkpoint);
        auto batch = test.storage->new_batch();
        batch->put(column, checkpoint_key, checkpoint_row(*checkpoint));
        batch->put(column, "zzz", "not of this log");
        ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    }
    void expect_rebuilt(const std::string& views) {
        test.reopen();
        std::string told;
        const auto done = test.views->catch_up(*log, [&](const RebuildProgress& progress) {
            told = progress.views;
        });
        ASSERT_TRUE(done) << describe(done.error());
        EXPECT_EQ(told, views);
        EXPECT_EQ(difference(rows_of(*test.views), expected), "");
        EXPECT_EQ(test.views->position(), log->head());
    }

    const std::vector<RecordedEvent> events = RandomHistory(21).next(700);
    std::unique_ptr<EventLog> log;
    TestViews test;
    Rows expected;
};

TEST_F(CatchUp, LeavesViewsAloneThatAreUpToDate) {
    const std::size_t writes = test.faults->writes;
    expect_rebuilt("");
    EXPECT_EQ(test.faults->writes, writes);
}

TEST_F(CatchUp, RebuildsAViewWhoseLeafHashDiffers) {
    spoil("memberships", [](ViewCheckpoint& checkpoint) { checkpoint.leaf[31] ^= 1; });
    expect_rebuilt("memberships");
}

TEST_F(CatchUp, RebuildsAViewThatIsAheadOfTheLog) {
    spoil("users", [](ViewCheckpoint& checkpoint) {
        checkpoint.position = checkpoint.position.next();
    });
    expect_rebuilt("users");
}

TEST_F(CatchUp, RebuildsAViewOfAnotherEpoch) {
    spoil("room_timeline", [](ViewCheckpoint& checkpoint) {
        checkpoint.epoch = numbered_uuid(78);
    });
    expect_rebuilt("room_timeline");
}

TEST_F(CatchUp, RebuildsAViewOfAnotherSchema) {
    spoil("sessions", [](ViewCheckpoint& checkpoint) { checkpoint.schema = 0; });
    spoil("read_markers", [](ViewCheckpoint& checkpoint) { ++checkpoint.schema; });
    expect_rebuilt("sessions,read_markers");
}

TEST_F(CatchUp, RebuildsAViewWithoutACheckpoint) {
    const std::size_t column = TestViews::column_of("room_directory");
    auto batch = test.storage->new_batch();
    batch->erase(column, checkpoint_key);
    ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    expect_rebuilt("room_directory");
}

TEST_F(CatchUp, RebuildsAViewWithADamagedCheckpoint) {
    auto batch = test.storage->new_batch();
    batch->put(TestViews::column_of("users"), checkpoint_key, "?");
    ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    expect_rebuilt("users");
}

TEST_F(CatchUp, RebuildsAllViewsForAnotherLog) {
    const auto others = RandomHistory(22).next(300);
    log = log_of(others, numbered_uuid(79));
    const TestViews fresh;
    apply_to(*fresh.views, others);
    expected = rows_of(*fresh.views);
    expect_rebuilt(every_view());
}

TEST_F(CatchUp, RebuildsAllViewsWhenTheLogLostItsEnd) {
    const std::span<const RecordedEvent> all(events);
    log = log_of(all.first(400));
    const TestViews fresh;
    apply_to(*fresh.views, all.first(400));
    expected = rows_of(*fresh.views);
    expect_rebuilt(every_view());
}

TEST_F(CatchUp, FeedsViewsThatStandAtDifferentPlacesInOnePass) {
    // A view of an older state beside newer ones: as after a crash in the middle of a rebuild.
    const std::span<const RecordedEvent> all(events);
    TestViews older;
    apply_to(*older.views, all.first(300), log->leaf_hash(Position(300)).value());
    const std::size_t column = TestViews::column_of("room_timeline");
    ASSERT_TRUE(test.storage->clear(column));
    auto batch = test.storage->new_batch();
    const auto rows = older.storage->cursor(column);
    for (rows->seek({}); rows->valid(); rows->next())
        batch->put(column, rows->key(), rows->value());
    ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    spoil("users", [](ViewCheckpoint& checkpoint) { checkpoint.schema = 9; });
    expect_rebuilt("users,room_timeline");
}

TEST_F(CatchUp, GoesOnLiveAfterwards) {
    RandomHistory history(23);
    const auto first = history.next(200);
    const auto second = history.next(200);
    log = log_of(first);
    TestViews live;
    catch_up(*live.views, *log);
    commit(*log, second);
    apply_to(*live.views, second, log->leaf_hash(log->head()).value());
    const Rows rows = rows_of(*live.views);
    live.reopen();
    catch_up(*live.views, *log);
    EXPECT_EQ(difference(rows_of(*live.views), rows), "");
    TestViews fresh;
    catch_up(*fresh.views, *log);
    EXPECT_EQ(difference(rows_of(*fresh.views), rows), "");
}

TEST_F(CatchUp, TellsItsProgressUpToTheEnd) {
    TestViews fresh;
    std::vector<RebuildProgress> told;
    ASSERT_TRUE(fresh.views->catch_up(*log, [&](const RebuildProgress& progress) {
        told.push_back(progress);
    }));
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back().done, log->head());
    EXPECT_EQ(told.back().target, log->head());
    EXPECT_EQ(told.back().seconds_left, 0);
    EXPECT_GT(told.back().events_per_second, 0);
}

TEST_F(CatchUp, HasNothingToDoForAnEmptyLog) {
    TestViews fresh;
    catch_up(*fresh.views, *log_of({}));
    EXPECT_EQ(fresh.views->position(), Position());
}

TEST_F(CatchUp, FailsWhenTheStoreDoes) {
    TestViews fresh;
    fresh.faults->next_write = StorageFaults::Write::fails_undone;
    const auto failed = fresh.views->catch_up(*log, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fault, StoreFault::outcome_unknown);
}

TEST(CatchUpOfManyEvents, WritesSeveralTimesAndAgreesWithLiveViews) {
    const auto events = RandomHistory(24).next(40'000);
    const auto log = log_of({});
    const std::span<const RecordedEvent> all(events);
    const TestViews live;
    for (std::size_t at = 0; at < all.size(); at += 500) {
        const auto piece = all.subspan(at, std::min<std::size_t>(500, all.size() - at));
        commit(*log, piece);
        apply_to(*live.views, piece);
    }
    const TestViews rebuilt;
    catch_up(*rebuilt.views, *log);
    EXPECT_GE(rebuilt.faults->writes, 3U);
    EXPECT_EQ(difference(rows_of(*rebuilt.views), rows_of(*live.views)), "");
}

// ---- On disk ------------------------------------------------------------------------------------

TEST(ViewsOnDisk, SurviveReopeningAndContinue) {
    const TemporaryFolder folder;
    const std::string directory = (folder.path() / "views").string();
    RandomHistory history(31);
    const auto log = log_of(history.next(1'500));
    {
        Views views(open_views_storage(directory).value());
        catch_up(views, *log);
        EXPECT_GT(views.disk_bytes(), 0U);
    }
    commit(*log, history.next(1'500));
    Views views(open_views_storage(directory).value());
    const TestViews expected;
    catch_up(*expected.views, *log);
    std::string behind;
    ASSERT_TRUE(views.catch_up(*log, [&](const RebuildProgress& progress) {
        behind = progress.views;
        EXPECT_GT(progress.done, Position(1'500));
    }));
    EXPECT_EQ(behind, every_view());
    EXPECT_EQ(difference(rows_of(views), rows_of(*expected.views)), "");
}

TEST(ViewsOnDisk, AreRebuiltInPlaceForAnotherLog) {
    const TemporaryFolder folder;
    const std::string directory = (folder.path() / "views").string();
    {
        Views views(open_views_storage(directory).value());
        catch_up(views, *log_of(RandomHistory(32).next(800)));
    }
    const auto log = log_of(RandomHistory(33).next(500), numbered_uuid(80));
    Views views(open_views_storage(directory).value());
    catch_up(views, *log);
    const TestViews expected;
    catch_up(*expected.views, *log);
    EXPECT_EQ(difference(rows_of(views), rows_of(*expected.views)), "");
}

TEST(ViewsOnDisk, AreBegunAnewWhenDamagedAndSayWhy) {
    const TemporaryFolder folder;
    const auto directory = folder.path() / "views";
    const auto log = log_of(RandomHistory(34).next(300));
    {
        Views views(open_views_storage(directory.string()).value());
        catch_up(views, *log);
    }
    for (const auto& file : std::filesystem::directory_iterator(directory))
        if (file.path().filename().string().starts_with("MANIFEST"))
            std::ofstream(file.path(), std::ios::trunc)
                << "not a manifest, but long enough to be read";

    std::optional<StoreFault> discarded;
    auto storage = open_views_storage(directory.string(), [&](const StoreError& error) {
        discarded = error.fault;
    });
    ASSERT_TRUE(storage) << describe(storage.error());
    EXPECT_EQ(discarded, StoreFault::corrupt_record);
    Views views(std::move(*storage));
    catch_up(views, *log);
    const TestViews expected;
    catch_up(*expected.views, *log);
    EXPECT_EQ(difference(rows_of(views), rows_of(*expected.views)), "");
}

TEST(ViewsOnDisk, AreNotRemovedWhileAnotherHoldsThem) {
    const TemporaryFolder folder;
    const std::string directory = (folder.path() / "views").string();
    const auto held = open_views_storage(directory);
    ASSERT_TRUE(held);
    bool is_discarded = false;
    const auto second =
        open_views_storage(directory, [&](const StoreError&) { is_discarded = true; });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, StoreFault::cannot_open);
    EXPECT_FALSE(is_discarded);
}

}  // namespace
}  // namespace verbatim::testing
