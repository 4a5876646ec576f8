#include "projections/search_copy.hpp"
#include "tests/projections/search_support.hpp"

#include <atomic>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <thread>

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RebuildReport rebuild(SearchWorld& world, const RebuildRequest& request = {}) {
    const auto report = world.index().rebuild(request);
    EXPECT_TRUE(report) << (report ? "" : describe(report.error()));
    return report.value_or(RebuildReport());
}

// Takes a message out of the file, behind the index's back.
void lose(SearchWorld& world, Position position) {
    world.stop();
    {
        auto store = SearchStore::open(world.file());
        ASSERT_TRUE(store);
        const auto checkpoint = (*store)->checkpoint().value();
        ASSERT_TRUE((*store)->begin());
        ASSERT_TRUE((*store)->take(position).value());
        ASSERT_TRUE((*store)->commit(*checkpoint));
    }
    world.start();
    world.caught_up();
}

TEST(SearchRebuild, GivesAFreshFileTheLiveOnesName) {
    SearchWorld world;
    const Version gone = world.say(hall, anna, "first light");
    world.say(hall, boris, "second light");
    world.destroy(hall, gone);
    world.caught_up();
    const RebuildReport report = rebuild(world);
    EXPECT_FALSE(report.difference);
    EXPECT_EQ(report.position, world.log().head());
    EXPECT_FALSE(std::filesystem::exists(SearchCopy::path_beside(world.file())));
    EXPECT_THAT(world.texts("light"), ElementsAre("second light"));

    world.say(hall, anna, "third light");
    world.caught_up();
    EXPECT_THAT(world.texts("light"), ElementsAre("third light", "second light"));
    world.stop();
    world.start();
    world.caught_up();
    EXPECT_THAT(world.texts("light"), ElementsAre("third light", "second light"));
    EXPECT_THAT(world.reports(), IsEmpty()) << "the file is one of this log's";
}

TEST(SearchRebuild, NamesAMessageThatTheIndexHasLostAndPutsItBack) {
    SearchWorld world;
    world.say(hall, anna, "kept");
    world.say(hall, anna, "lost words");
    world.caught_up();
    const Position lost = world.log().head();
    lose(world, lost);
    EXPECT_THAT(world.texts("lost"), IsEmpty());

    RebuildRequest only_compare;
    only_compare.compares_only = true;
    for (const RebuildRequest& request : {only_compare, RebuildRequest()}) {
        EXPECT_THAT(world.texts("lost"), IsEmpty());
        const RebuildReport report = rebuild(world, request);
        ASSERT_TRUE(report.difference);
        EXPECT_EQ(report.difference->key, "message at position " + std::to_string(lost.value()));
        EXPECT_EQ(report.difference->live, std::nullopt);
        EXPECT_EQ(report.difference->fresh, "lost words");
    }
    EXPECT_THAT(world.texts("lost"), ElementsAre("lost words"));
}

TEST(SearchRebuild, IsNoticedByNobodyWhoSearches) {
    SearchWorld world;
    for (int i = 0; i < 50; ++i) world.say(hall, anna, "here " + std::to_string(i));
    world.caught_up();
    std::atomic<bool> is_over = false;
    std::atomic<int> missing = 0;
    std::thread searcher([&] {
        while (!is_over)
            if (world.texts("here").size() != 50) ++missing;
    });
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(rebuild(world).difference);
    is_over = true;
    searcher.join();
    EXPECT_EQ(missing, 0);
}

TEST(SearchRebuild, HoldsNothingOfWhomTheLogErasesMeanwhile) {
    SearchWorld world;
    world.say(hall, boris, "boris was here");
    world.say(hall, anna, "anna is here");
    world.caught_up();
    std::promise<bool> clean;
    RebuildRequest request;
    request.reached = [&](RebuildStage stage, Position) {
        if (stage == RebuildStage::folding) {
            world.erase(boris);
            world.index().when_clean(world.head(), [&] {
                const auto copy = SearchCopy::path_beside(world.file());
                clean.set_value(!std::filesystem::exists(copy));
            });
        }
        return true;
    };
    EXPECT_FALSE(rebuild(world, request).difference);
    EXPECT_TRUE(clean.get_future().get()) << "not while the copy may hold it";
    EXPECT_THAT(world.texts("here"), ElementsAre("anna is here"));
    world.stop();
    std::ifstream file(world.file(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(bytes.find("boris was here"), std::string::npos);
    world.start();
}

TEST(SearchRebuild, LeavesTheOldFileWhenGivenUpAndRemovesWhatACrashHasLeft) {
    SearchWorld world;
    world.say(hall, anna, "stays");
    world.caught_up();
    RebuildRequest request;
    request.reached = [](RebuildStage, Position) { return false; };
    EXPECT_TRUE(rebuild(world, request).was_given_up);
    const auto left = SearchCopy::path_beside(world.file());
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_THAT(world.texts("stays"), ElementsAre("stays"));

    world.stop();
    std::ofstream(left) << "half of a file";
    world.start();
    world.caught_up();
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_THAT(world.texts("stays"), ElementsAre("stays"));
}

}  // namespace

}  // namespace verbatim::testing
