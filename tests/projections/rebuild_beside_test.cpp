#include "projections/view_checkpoint.hpp"
#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

namespace verbatim::testing {
namespace {

constexpr Timestamp rebuilt_at(noon.microseconds() + 86'400'000'000);

RebuildReport rebuild(Views& views, std::string_view view, const EventLog& log) {
    const auto report = views.rebuild(view, log, {.now = rebuilt_at, .reached = {}});
    EXPECT_TRUE(report) << (report ? "" : describe(report.error()));
    return report.value_or(RebuildReport());
}

void expect_a_fresh_fold(const Views& views, const EventLog& log) {
    const TestViews fresh;
    catch_up(*fresh.views, log);
    EXPECT_EQ(difference(rows_of(views), rows_of(*fresh.views)), "");
    EXPECT_EQ(views.position(), log.head());
}

// Views that are up to date with a log.
class RebuildBeside : public ::testing::Test {
protected:
    RebuildBeside() { catch_up(*test.views, *log); }
    // As the node does it: what the events destroy goes right after they were applied.
    void happen(std::size_t count) {
        const auto events = history.next(count);
        commit(*log, events);
        apply_to(*test.views, events, log->leaf_hash(log->head()).value());
        forget_destroyed(*log, *test.views, events);
    }

    // The column in which a copy is built while the first one is live.
    static std::size_t idle_column_of(std::string_view view) {
        return TestViews::column_of(view) + Views::names().size();
    }
    std::size_t rows_in(std::size_t column) const {
        std::size_t rows = 0;
        const auto cursor = test.storage->cursor(column);
        for (cursor->seek({}); cursor->valid(); cursor->next()) ++rows;
        return rows;
    }
    void put(std::size_t column, std::string_view key, std::string_view value) const {
        auto batch = test.storage->new_batch();
        batch->put(column, key, value);
        ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    }
    // The first row of a view that is no checkpoint.
    std::pair<std::string, std::string> first_row(std::string_view view) const {
        const auto cursor = test.storage->cursor(TestViews::column_of(view));
        cursor->seek(std::string(1, '\1'));
        return {std::string(cursor->key()), std::string(cursor->value())};
    }

    RandomHistory history{51};
    std::unique_ptr<EventLog> log = log_of(history.next(3'000));
    TestViews test;
};

TEST_F(RebuildBeside, PutsAnEqualCopyInThePlaceOfEachView) {
    for (const std::string& view : Views::names()) {
        const RebuildReport report = rebuild(*test.views, view, *log);
        EXPECT_FALSE(report.difference) << view;
        EXPECT_EQ(report.position, log->head());
        EXPECT_EQ(rows_in(TestViews::column_of(view)), 0U) << "the old copy is gone";
        EXPECT_GE(rows_in(idle_column_of(view)), 1U) << "the new one is where it was built";
    }
    expect_a_fresh_fold(*test.views, *log);
    for (const ViewStatus& status : test.views->status())
        EXPECT_EQ(status.rebuilt_at, rebuilt_at) << status.name;

    // The new copies are the live ones from now on, after a restart too, and are rebuilt likewise.
    happen(300);
    expect_a_fresh_fold(*test.views, *log);
    test.reopen();
    std::string behind;
    ASSERT_TRUE(test.views->catch_up(*log, [&](const RebuildProgress& progress) {
        behind = progress.views;
    }));
    EXPECT_EQ(behind, "");
    expect_a_fresh_fold(*test.views, *log);
    EXPECT_FALSE(rebuild(*test.views, "users", *log).difference);
    EXPECT_GT(rows_in(TestViews::column_of("users")), 1U);
    expect_a_fresh_fold(*test.views, *log);
}

TEST_F(RebuildBeside, LosesNothingOfWhatIsAppliedMeanwhile) {
    std::atomic<bool> is_over = false;
    std::thread writer([&] {
        while (!is_over) happen(40);
    });
    for (const std::string& view : Views::names()) {
        const Position before = test.views->position();
        const RebuildReport report = rebuild(*test.views, view, *log);
        EXPECT_FALSE(report.difference) << view;
        EXPECT_GE(report.position, before);
    }
    is_over = true;
    writer.join();
    expect_a_fresh_fold(*test.views, *log);
}

TEST_F(RebuildBeside, IsNoticedByNobodyWhoReads) {
    const UserId user = history.users().front();
    const auto room = std::ranges::find_if(history.rooms(), [&](const RoomId& candidate) {
        return test.views->rooms().room(candidate).value().has_value();
    });
    ASSERT_NE(room, history.rooms().end());
    std::atomic<bool> is_over = false;
    std::atomic<int> missing = 0;
    std::thread reader([&] {
        while (!is_over) {
            const auto found = test.views->users().user(user);
            const auto all = test.views->users().all(UserId(), 3);
            const auto there = test.views->rooms().room(*room);
            if (!found || !*found || !all || all->size() < 3 || !there || !*there) ++missing;
        }
    });
    for (int i = 0; i < 10; ++i) {
        rebuild(*test.views, "users", *log);
        rebuild(*test.views, "room_directory", *log);
    }
    is_over = true;
    reader.join();
    EXPECT_EQ(missing, 0);
}

TEST_F(RebuildBeside, NamesTheFirstRowThatDiffersAndPutsItRight) {
    const auto [key, value] = first_row("memberships");
    put(TestViews::column_of("memberships"), key, "planted");
    put(TestViews::column_of("memberships"), "zzz", "planted too");
    const RebuildReport changed = rebuild(*test.views, "memberships", *log);
    ASSERT_TRUE(changed.difference);
    EXPECT_EQ(changed.difference->key, key);
    EXPECT_EQ(changed.difference->live, "planted");
    EXPECT_EQ(changed.difference->fresh, value);
    EXPECT_EQ(changed.difference->position, log->head());
    expect_a_fresh_fold(*test.views, *log);

    put(TestViews::column_of("users"), "zzz", "of nobody");
    const RebuildReport added = rebuild(*test.views, "users", *log);
    ASSERT_TRUE(added.difference);
    EXPECT_EQ(added.difference->key, "zzz");
    EXPECT_EQ(added.difference->live, "of nobody");
    EXPECT_EQ(added.difference->fresh, std::nullopt);

    const auto missing = first_row("room_directory");
    auto batch = test.storage->new_batch();
    batch->erase(TestViews::column_of("room_directory"), missing.first);
    ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
    const RebuildReport lost = rebuild(*test.views, "room_directory", *log);
    ASSERT_TRUE(lost.difference);
    EXPECT_EQ(lost.difference->key, missing.first);
    EXPECT_EQ(lost.difference->live, std::nullopt);
    EXPECT_EQ(lost.difference->fresh, missing.second);
    expect_a_fresh_fold(*test.views, *log);
}

TEST_F(RebuildBeside, OnlyComparesWhereThatIsAsked) {
    put(TestViews::column_of("users"), "zzz", "of nobody");
    const auto report = test.views->rebuild(
        "users", *log, {.compares_only = true, .now = rebuilt_at, .reached = {}}
    );
    ASSERT_TRUE(report && report->difference);
    EXPECT_EQ(report->difference->key, "zzz");
    EXPECT_EQ(rows_in(idle_column_of("users")), 0U);
    EXPECT_TRUE(test.storage->get(TestViews::column_of("users"), "zzz").value()) << "still live";
    EXPECT_EQ(test.views->status().front().rebuilt_at, std::nullopt);
}

TEST_F(RebuildBeside, TakesATextForNoDifferenceThatTheLogHasJustDestroyed) {
    const auto alice = numbered_id<UserId>(1);
    const auto hall = numbered_id<RoomId>(2);
    const auto young = log_of({});
    LogScribe scribe(*young);
    scribe.write(stream_of(alice), alice, {registered("alice")});
    scribe.write(stream_of(hall), alice, {room_created()});
    scribe.write(stream_of(hall), alice, {sent("to be destroyed")});
    ASSERT_TRUE(scribe.commit());
    TestViews views;
    catch_up(*views.views, *young);

    // Committed, and not applied yet: the fresh fold finds the text gone, the live view shows it.
    scribe.write(stream_of(hall), alice, {destroyed(Version(2))});
    scribe.batch().destroyed.contents.push_back({Position(3)});
    ASSERT_TRUE(scribe.commit());
    bool is_applied = false;
    RebuildRequest request;
    request.reached = [&](RebuildStage stage, Position) {
        if (stage == RebuildStage::comparing && !is_applied) {
            is_applied = true;
            apply_to(*views.views, {&scribe.written().back(), 1});
        }
        return true;
    };
    const auto report = views.views->rebuild("room_timeline", *young, request);
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_TRUE(is_applied) << "it looked again";
    EXPECT_FALSE(report->difference);
    expect_a_fresh_fold(*views.views, *young);
}

TEST_F(RebuildBeside, ForgetsWhatTheLogDestroysMeanwhileThoughItWasFoldedBefore) {
    const auto events = all_of(*log->read_all(Position()));
    const Rows before = rows_of(*test.views);
    RebuildRequest request;
    request.reached = [&](RebuildStage stage, Position) {
        if (stage == RebuildStage::exchanging) forget_destroyed(*log, *test.views, events);
        return true;
    };
    const auto report = test.views->rebuild("room_timeline", *log, request);
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_NE(difference(rows_of(*test.views), before), "") << "something was destroyed";
    expect_a_fresh_fold(*test.views, *log);
}

TEST_F(RebuildBeside, LeavesTheOldCopyWhenItIsGivenUp) {
    RebuildRequest request;
    request.reached = [](RebuildStage, Position) { return false; };
    const auto report = test.views->rebuild("room_timeline", *log, request);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->was_given_up);
    EXPECT_EQ(rows_in(idle_column_of("room_timeline")), 0U);
    expect_a_fresh_fold(*test.views, *log);
}

// What a crash leaves is what an exception does: nothing is tidied up behind it.
TEST_F(RebuildBeside, LeavesTheOldCopyWhenItCrashesAndIsTidiedUpAtTheNextStart) {
    for (const RebuildStage stage : {RebuildStage::folding, RebuildStage::exchanging}) {
        RebuildRequest request;
        request.reached = [stage](RebuildStage reached, Position) {
            if (reached == stage) throw std::runtime_error("crash");
            return true;
        };
        EXPECT_THROW(
            static_cast<void>(test.views->rebuild("room_timeline", *log, request)),
            std::runtime_error
        );
        EXPECT_GT(rows_in(idle_column_of("room_timeline")), 0U) << "half built";
        test.reopen();
        catch_up(*test.views, *log);
        EXPECT_EQ(rows_in(idle_column_of("room_timeline")), 0U);
        expect_a_fresh_fold(*test.views, *log);
    }
    EXPECT_FALSE(rebuild(*test.views, "room_timeline", *log).difference);
}

TEST_F(RebuildBeside, KeepsTheOldCopyWhenTheStoreFails) {
    RebuildRequest request;
    request.reached = [&](RebuildStage stage, Position) {
        if (stage == RebuildStage::exchanging)
            test.faults->next_write = StorageFaults::Write::fails_undone;
        return true;
    };
    const auto failed = test.views->rebuild("users", *log, request);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fault, StoreFault::outcome_unknown);
    EXPECT_GT(rows_in(TestViews::column_of("users")), 1U);
    test.reopen();
    catch_up(*test.views, *log);
    expect_a_fresh_fold(*test.views, *log);
}

TEST_F(RebuildBeside, SurvivesReopeningOnDisk) {
    const TemporaryFolder folder;
    const std::string directory = (folder.path() / "views").string();
    {
        Views views(open_views_storage(directory).value());
        catch_up(views, *log);
        EXPECT_FALSE(rebuild(views, "room_timeline", *log).difference);
        EXPECT_FALSE(rebuild(views, "users", *log).difference);
        EXPECT_FALSE(rebuild(views, "users", *log).difference);
        expect_a_fresh_fold(views, *log);
    }
    Views views(open_views_storage(directory).value());
    catch_up(views, *log);
    expect_a_fresh_fold(views, *log);
    EXPECT_TRUE(views.status().front().rebuilt_at);
}

}  // namespace
}  // namespace verbatim::testing
