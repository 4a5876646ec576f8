#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto room = numbered_id<RoomId>(9);

class ReadMarkersOfARoom : public ::testing::Test {
protected:
    ReadMarkersOfARoom() {
        story.room(room, alice, RoomCreated{});                            // 1
        story.room(room, bob, MemberJoined{bob, MemberRole::member, {}});  // 2
    }
    void send(const UserId& by) { story.room(room, by, MessageSent{}); }
    std::uint64_t marker(const UserId& user) {
        const auto row = story.views().read_markers().marker(room, user).value();
        return row ? row->up_to.value() : 0;
    }

    Story story;
};

TEST_F(ReadMarkersOfARoom, BeginWhereTheMemberJoined) {
    EXPECT_EQ(marker(alice), 1U);
    EXPECT_EQ(marker(bob), 2U);
}

TEST_F(ReadMarkersOfARoom, FollowTheSenderAndNobodyElse) {
    send(alice);
    EXPECT_EQ(marker(alice), 3U);
    EXPECT_EQ(marker(bob), 2U);
}

TEST_F(ReadMarkersOfARoom, MoveForwardByWhatIsSaidAndNeverBack) {
    send(alice);
    send(alice);
    const auto read = story.read(bob, room, Version(4));
    EXPECT_EQ(marker(bob), 4U);
    EXPECT_EQ(story.views().read_markers().marker(room, bob).value()->at, read.at);
    story.read(bob, room, Version(3));
    EXPECT_EQ(marker(bob), 4U);
    story.read(alice, room, Version(2));
    EXPECT_EQ(marker(alice), 4U);
}

TEST_F(ReadMarkersOfARoom, EndWithTheMembership) {
    story.room(room, bob, MemberLeft{bob});
    EXPECT_EQ(marker(bob), 0U);
    story.read(bob, room, Version(3));
    EXPECT_EQ(marker(bob), 0U) << "whoever has left reads no more";
    story.room(room, bob, MemberJoined{bob, MemberRole::member, {}});
    EXPECT_EQ(marker(bob), 4U);
    story.room(room, alice, MemberBanned{bob, std::nullopt});
    EXPECT_EQ(marker(bob), 0U);
}

TEST_F(ReadMarkersOfARoom, AreWhatIsNotedUntilTheLogSaysSo) {
    send(alice);
    send(alice);
    auto& views = story.views();
    const ReadNote note{
        .user = bob, .room = room, .up_to = Version(4), .at = Timestamp(7), .command = {}};
    const auto listed = [&] {
        return views.read_markers().markers(room, alice, 1).value().at(0).up_to.value();
    };
    views.note({{.note = note}});
    EXPECT_EQ(marker(bob), 4U);
    EXPECT_EQ(listed(), 4U);
    EXPECT_EQ(views.read_markers().marker(room, bob).value()->at, Timestamp(7));
    EXPECT_EQ(marker(alice), 4U) << "another's";
    story.read(bob, room, Version(4));
    views.note({{.note = note, .is_recorded = true}});
    EXPECT_EQ(marker(bob), 4U);
    EXPECT_EQ(listed(), 4U);
}

TEST_F(ReadMarkersOfARoom, AreNotWhatIsNotedOfWhoHasLeft) {
    send(alice);
    story.views().note(
        {{.note =
              {.user = bob, .room = room, .up_to = Version(3), .at = Timestamp(7), .command = {}}}}
    );
    story.room(room, bob, MemberLeft{bob});
    EXPECT_EQ(marker(bob), 0U);
    story.room(room, bob, MemberJoined{bob, MemberRole::member, {}});
    EXPECT_EQ(marker(bob), 5U) << "where it joined, if that is further";
}

TEST_F(ReadMarkersOfARoom, AreListedByUser) {
    const auto all = story.views().read_markers().markers(room, UserId(), 10).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].user, alice);
    EXPECT_EQ(all[1].user, bob);
    const auto rest = story.views().read_markers().markers(room, alice, 10).value();
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].user, bob);
    EXPECT_EQ(story.views().read_markers().markers(room, UserId(), 1).value().size(), 1U);
}

}  // namespace
}  // namespace verbatim::testing
