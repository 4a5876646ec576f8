#include "protocol/room_access.hpp"

#include "tests/protocol/world.hpp"

#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

RoomCreated hall_with(Visibility visibility, History history) {
    RoomCreated created = group_named("Hall");
    created.visibility = visibility;
    created.history = history;
    return created;
}

void expect_problem(const Answer<RoomAccess>& access, int status, std::string_view code) {
    ASSERT_FALSE(access.has_value());
    EXPECT_EQ(access.error().status, status);
    EXPECT_EQ(access.error().code, code);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> spans_of(const RoomAccess& access) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
    for (const SeqSpan& span : access.readable.value_or(std::vector<SeqSpan>()))
        spans.emplace_back(span.first.value(), span.last.value());
    return spans;
}

using Spans = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

class RoomAccessTest : public ::testing::Test {
protected:
    void open_hall(Visibility visibility, History history) {
        world_.happened(hall, alice, hall_with(visibility, history));
    }
    [[nodiscard]] Answer<RoomAccess> access(UserId user) {
        return room_access(world_.views(), hall, user);
    }
    [[nodiscard]] Answer<RoomAccess> as_member(UserId user) {
        return member_access(world_.views(), hall, user);
    }

    World world_;
};
using Access = RoomAccessTest;

TEST_F(Access, IsToNothingWhereThereIsNoRoom) {
    expect_problem(access(alice), 404, "room_not_found");
    expect_problem(as_member(alice), 404, "room_not_found");
}

TEST_F(Access, IsToAllOfASharedRoomForItsMembers) {
    open_hall(Visibility::public_, History::shared);
    world_.happened(hall, bob, joined(bob));
    const auto bobs = as_member(bob).value();
    EXPECT_EQ(bobs.readable, std::nullopt);
    EXPECT_EQ(bobs.room.name, "Hall");
    EXPECT_EQ(bobs.head.room_seq, Version(2));
    ASSERT_TRUE(bobs.membership);
    EXPECT_EQ(bobs.membership->joined_seq, Version(2));
}

TEST_F(Access, IsToThePublicDescriptionAndNothingElseForStrangers) {
    open_hall(Visibility::public_, History::shared);
    const auto strangers = access(bob).value();
    EXPECT_FALSE(strangers.membership);
    ASSERT_TRUE(strangers.readable);
    EXPECT_TRUE(strangers.readable->empty());
    expect_problem(as_member(bob), 403, "actor_is_not_member");
}

TEST_F(Access, IsToNothingOfAPrivateRoomForStrangers) {
    open_hall(Visibility::private_, History::shared);
    expect_problem(access(bob), 404, "room_not_found");
    expect_problem(as_member(bob), 404, "room_not_found");
    EXPECT_TRUE(as_member(alice).has_value());
}

TEST_F(Access, IsToAPrivateRoomsDescriptionForTheInvited) {
    open_hall(Visibility::private_, History::shared);
    world_.happened(hall, alice, MemberInvited{.user = bob});
    const auto invited = access(bob).value();
    EXPECT_TRUE(invited.invited);
    EXPECT_TRUE(invited.readable && invited.readable->empty());
    expect_problem(as_member(bob), 403, "actor_is_not_member");

    world_.happened(hall, alice, MemberInviteRevoked{.user = bob});
    expect_problem(access(bob), 404, "room_not_found");
}

TEST_F(Access, IsToAPrivateRoomsDescriptionForTheBanned) {
    open_hall(Visibility::private_, History::shared);
    world_.happened(hall, bob, joined(bob))
        .happened(hall, alice, MemberBanned{.user = bob, .reason = std::nullopt});
    const auto banned = access(bob).value();
    EXPECT_FALSE(banned.membership);
    EXPECT_TRUE(banned.readable && banned.readable->empty());
    expect_problem(as_member(bob), 403, "actor_is_not_member");

    world_.happened(hall, alice, MemberUnbanned{.user = bob});
    expect_problem(access(bob), 404, "room_not_found");
}

TEST_F(Access, EndsWithMembership) {
    open_hall(Visibility::public_, History::shared);
    world_.happened(hall, bob, joined(bob)).happened(hall, bob, left(bob));
    EXPECT_TRUE(access(bob).value().readable.value().empty());
    expect_problem(as_member(bob), 403, "actor_is_not_member");
}

TEST_F(Access, IsToOnesOwnStaysWhereHistoryBeginsWithJoining) {
    open_hall(Visibility::public_, History::since_join);  // 1
    world_
        .happened(hall, alice, said("before"))  // 2
        .happened(hall, bob, joined(bob))       // 3
        .happened(hall, alice, said("within"))  // 4
        .happened(hall, bob, left(bob))         // 5
        .happened(hall, alice, said("away"))    // 6
        .happened(hall, bob, joined(bob))       // 7
        .happened(hall, alice, said("again"));  // 8
    EXPECT_EQ(spans_of(as_member(bob).value()), (Spans{{3, 5}, {7, 0}}));
    EXPECT_EQ(spans_of(as_member(alice).value()), (Spans{{1, 0}}));
}

TEST_F(Access, FollowsTheRoomsHistorySettingAsItIsNow) {
    open_hall(Visibility::public_, History::since_join);
    world_.happened(hall, bob, joined(bob));
    RoomUpdated shared;
    shared.history = History::shared;
    world_.happened(hall, alice, shared);
    EXPECT_EQ(as_member(bob).value().readable, std::nullopt);
}

}  // namespace
}  // namespace verbatim::testing
