#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto carol = numbered_id<UserId>(3);
const auto harbour = numbered_id<RoomId>(31);
const auto attic = numbered_id<RoomId>(32);

std::string spans_text(const std::vector<MembershipSpan>& spans) {
    std::string text;
    for (const MembershipSpan& span : spans)
        text += std::to_string(span.room.value().bytes[15]) + ": seq " +
                std::to_string(span.joined_seq.value()) + "-" +
                std::to_string(span.left_seq.value()) + " position " +
                std::to_string(span.joined.value()) + "-" + std::to_string(span.left.value()) +
                "; ";
    return text;
}

class MembershipsOfARoom : public ::testing::Test {
protected:
    MembershipsOfARoom() { story.room(harbour, alice, RoomCreated{}); }
    void join(const UserId& user) {
        story.room(harbour, user, MemberJoined{user, MemberRole::member, std::nullopt});
    }
    const Memberships& view() { return story.views().memberships(); }
    std::string notices(const UserId& user, Position after = {}, std::size_t limit = 10) {
        std::string text;
        const auto found = view().notices(user, after, limit).value();
        for (const SubjectNotice& notice : found)
            text += std::to_string(notice.position.value()) + "/" +
                    std::to_string(notice.version.value()) + " ";
        return text;
    }
    Story story;
};

TEST_F(MembershipsOfARoom, BeginWithTheCreatorAsOwner) {
    const auto member = view().member(harbour, alice).value();
    ASSERT_TRUE(member);
    EXPECT_EQ(member->room, harbour);
    EXPECT_EQ(member->user, alice);
    EXPECT_EQ(member->role, MemberRole::owner);
    EXPECT_EQ(member->joined_seq, Version(1));
    EXPECT_EQ(member->joined, Position(1));
    EXPECT_EQ(member->joined_at.microseconds(), noon.microseconds() + 1'000'000);
    EXPECT_EQ(view().member_count(harbour).value(), 1U);
    EXPECT_EQ(view().member_count(attic).value(), 0U);
}

TEST_F(MembershipsOfARoom, CountAndListTheirMembers) {
    join(carol);
    join(bob);
    EXPECT_EQ(view().member_count(harbour).value(), 3U);
    const auto all = view().members(harbour, UserId(), 10).value();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].user, alice);
    EXPECT_EQ(all[1].user, bob);
    EXPECT_EQ(all[2].user, carol);
    const auto second = view().members(harbour, alice, 1).value();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].user, bob);
}

TEST_F(MembershipsOfARoom, ListTheRoomsOfAUser) {
    story.room(attic, bob, RoomCreated{});
    join(bob);
    const auto rooms = view().rooms_of(bob, RoomId(), 10).value();
    ASSERT_EQ(rooms.size(), 2U);
    EXPECT_EQ(rooms[0].room, harbour);
    EXPECT_EQ(rooms[0].role, MemberRole::member);
    EXPECT_EQ(rooms[1].room, attic);
    EXPECT_EQ(rooms[1].role, MemberRole::owner);
    EXPECT_EQ(view().rooms_of(bob, harbour, 10).value().size(), 1U);
}

TEST_F(MembershipsOfARoom, ChangeRolesWithoutEndingTheStay) {
    join(bob);
    story.room(harbour, alice, MemberRoleChanged{bob, MemberRole::admin});
    const auto member = view().member(harbour, bob).value();
    ASSERT_TRUE(member);
    EXPECT_EQ(member->role, MemberRole::admin);
    EXPECT_EQ(member->joined_seq, Version(2));
    EXPECT_EQ(view().rooms_of(bob, RoomId(), 10).value().front().role, MemberRole::admin);
}

TEST_F(MembershipsOfARoom, KeepEveryStayWithBothItsEnds) {
    join(bob);                                       // 2
    story.room(harbour, bob, MemberLeft{bob});       // 3
    story.room(attic, bob, RoomCreated{});           // 4
    join(bob);                                       // 5, seq 4
    story.room(harbour, alice, MemberRemoved{bob});  // 6, seq 5
    join(bob);                                       // 7, seq 6

    EXPECT_EQ(
        spans_text(view().spans(bob, harbour).value()),
        "31: seq 2-3 position 2-3; 31: seq 4-5 position 5-6; 31: seq 6-0 position 7-0; "
    );
    EXPECT_EQ(
        spans_text(view().spans(bob).value()),
        "31: seq 2-3 position 2-3; 31: seq 4-5 position 5-6; 31: seq 6-0 position 7-0; "
        "32: seq 1-0 position 4-0; "
    );
    EXPECT_EQ(view().member_count(harbour).value(), 2U);
    EXPECT_EQ(spans_text(view().spans(carol).value()), "");
}

TEST_F(MembershipsOfARoom, EndWithABanWhichIsTheLastEventOfTheStay) {
    join(bob);
    const auto banned = story.room(harbour, alice, MemberBanned{bob, "spam"});
    EXPECT_FALSE(view().member(harbour, bob).value());
    EXPECT_TRUE(view().rooms_of(bob, RoomId(), 10).value().empty());
    EXPECT_EQ(view().member_count(harbour).value(), 1U);
    EXPECT_EQ(spans_text(view().spans(bob, harbour).value()), "31: seq 2-3 position 2-3; ");
    EXPECT_TRUE(view().spans(bob, harbour).value().front().covers(Version(3)));
    EXPECT_EQ(notices(bob), "") << "its own stay shows it the ban";

    const auto ban = view().ban(harbour, bob).value();
    ASSERT_TRUE(ban);
    EXPECT_EQ(ban->user, bob);
    EXPECT_EQ(ban->reason, "spam");
    EXPECT_EQ(ban->banned_by, alice);
    EXPECT_EQ(ban->banned_at, banned.at);
}

TEST_F(MembershipsOfARoom, NotifyThoseWhoAreNoMembersOfWhatConcernsThem) {
    story.room(harbour, alice, MemberInvited{bob});               // 2
    story.room(harbour, bob, MemberInviteRevoked{bob});           // 3
    story.room(attic, carol, RoomCreated{});                      // 4
    story.room(harbour, alice, MemberBanned{bob, std::nullopt});  // 5, seq 4
    story.room(harbour, alice, MemberUnbanned{bob});              // 6, seq 5
    EXPECT_EQ(notices(bob), "2/2 3/3 5/4 6/5 ");
    EXPECT_EQ(notices(bob, Position(3)), "5/4 6/5 ");
    EXPECT_EQ(notices(bob, Position(2), 1), "3/3 ");
    EXPECT_EQ(notices(alice), "");
    EXPECT_FALSE(view().ban(harbour, bob).value());
}

TEST_F(MembershipsOfARoom, HoldAnInvitationUntilItIsTakenOrRevoked) {
    const auto invited = story.room(harbour, alice, MemberInvited{bob});
    story.room(harbour, alice, MemberInvited{carol});
    const auto invite = view().invite(harbour, bob).value();
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->room, harbour);
    EXPECT_EQ(invite->user, bob);
    EXPECT_EQ(invite->invited_by, alice);
    EXPECT_EQ(invite->invited_at, invited.at);
    EXPECT_EQ(view().invites_of_room(harbour, UserId(), 10).value().size(), 2U);
    EXPECT_EQ(view().invites_of_room(harbour, bob, 10).value().size(), 1U);
    EXPECT_EQ(view().invites_of_user(bob, RoomId(), 10).value().size(), 1U);

    join(bob);
    story.room(harbour, alice, MemberInviteRevoked{carol});
    EXPECT_FALSE(view().invite(harbour, bob).value());
    EXPECT_TRUE(view().invites_of_room(harbour, UserId(), 10).value().empty());
    EXPECT_TRUE(view().invites_of_user(bob, RoomId(), 10).value().empty());
    EXPECT_TRUE(view().invites_of_user(carol, RoomId(), 10).value().empty());
}

TEST_F(MembershipsOfARoom, LoseAnInvitationToABan) {
    story.room(harbour, alice, MemberInvited{bob});
    story.room(harbour, alice, MemberBanned{bob, std::nullopt});
    story.room(harbour, alice, MemberBanned{carol, std::nullopt});
    EXPECT_FALSE(view().invite(harbour, bob).value());
    EXPECT_EQ(view().member_count(harbour).value(), 1U);
    const auto bans = view().bans(harbour, UserId(), 10).value();
    ASSERT_EQ(bans.size(), 2U);
    EXPECT_EQ(bans[0].user, bob);
    EXPECT_EQ(view().bans(harbour, bob, 10).value().front().user, carol);
}

}  // namespace
}  // namespace verbatim::testing
