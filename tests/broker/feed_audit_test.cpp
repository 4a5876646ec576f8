#include "tests/broker/support/feed_world.hpp"

// Feeds of everything, which auditors open and are on record for.
namespace verbatim::testing {
namespace {

FeedWorld::Person auditor(FeedWorld& world, const std::string& name) {
    const auto person = world.person(name);
    const auto granted = world.run(
        person.user, stream_of(person.user), AccountCommand(GrantRole{ServerRole::auditor})
    );
    EXPECT_TRUE(granted.has_value());
    return person;
}

TEST(FeedOfEverything, BeginsOnceItIsOnRecordThatItWasOpened) {
    FeedWorld world;
    const auto alice = auditor(world, "alice");
    const Position before = world.log().head();
    FeedClient feed = world.open(alice, "&scope=all");
    EXPECT_EQ(feed.read().at("type"), "welcome");
    const auto recorded = world.log().read(before.next());
    ASSERT_TRUE(recorded.has_value());
    EXPECT_EQ(recorded->actor, alice.user);
    EXPECT_EQ(
        std::get<AuditRead>(std::get<AccountEvent>(recorded->event)),
        (AuditRead{.what = "GET /api/v1/feed?scope=all", .room = std::nullopt})
    );
    // Another one within the minute is the same read.
    FeedClient again = world.live(alice, "&scope=all");
    EXPECT_EQ(world.log().head(), before.next());
}

TEST(FeedOfEverything, NamesTheOneRoomThatItIsNarrowedTo) {
    FeedWorld world;
    const auto alice = auditor(world, "alice");
    const auto bob = world.person("bob");
    const RoomId room = world.room(bob, Visibility::private_);
    const Position before = world.log().head();
    FeedClient feed = world.live(alice, "&scope=all&room=" + to_text(room));
    const auto recorded = world.log().read(before.next());
    ASSERT_TRUE(recorded.has_value());
    EXPECT_EQ(std::get<AuditRead>(std::get<AccountEvent>(recorded->event)).room, room);
}

TEST(FeedOfEverything, IsClosedWhereThatCannotBeRecorded) {
    FeedWorld world;
    const auto alice = auditor(world, "alice");
    world.sequencer().pause("disk_full");
    EXPECT_EQ(world.open(alice, "&scope=all").read_close_code(), 1013);
    FeedClient own = world.live(alice);
    world.sequencer().resume();
    FeedClient feed = world.live(alice, "&scope=all");
}

}  // namespace
}  // namespace verbatim::testing
