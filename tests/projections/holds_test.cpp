#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto hall = numbered_id<RoomId>(8);

TEST(Holds, AreListedUntilTheyAreLifted) {
    Story story;
    const auto on_bob = story.server(alice, HoldSet{bob, std::nullopt, "a case"});
    story.server(alice, HoldSet{std::nullopt, hall, "another case"});
    const auto all = story.views().holds().all().value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].room, hall);
    EXPECT_EQ(all[0].reason, "another case");
    EXPECT_EQ(all[1].user, bob);
    EXPECT_EQ(all[1].reason, "a case");
    EXPECT_EQ(all[1].set_by, alice);
    EXPECT_EQ(all[1].set_at, on_bob.at);
    EXPECT_TRUE(story.views().holds().on(bob).value().has_value());
    EXPECT_FALSE(story.views().holds().on(alice).value().has_value());
    story.server(alice, HoldLifted{bob, std::nullopt});
    EXPECT_FALSE(story.views().holds().on(bob).value().has_value());
    EXPECT_TRUE(story.views().holds().on(hall).value().has_value());
}

TEST(Holds, LoseTheirReasonWithItsWriterAndStayOn) {
    Story story;
    const auto set = story.server(alice, HoldSet{bob, std::nullopt, "a case"});
    ASSERT_TRUE(story.views().forget(std::span(&set, 1)));
    EXPECT_EQ(story.views().holds().on(bob).value()->reason, std::nullopt);
}

}  // namespace
}  // namespace verbatim::testing
