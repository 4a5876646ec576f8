#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

Room after(std::vector<RoomPast> history) {
    return folded(history);
}

TEST(RoomFold, MakesTheCreatorAnOwnerByCreationAlone) {
    Room expected;
    expected.phase = Room::Phase::open;
    expected.max_members = 1'000;
    expected.owners = 1;
    expected.name = "Lobby";
    expected.members = {{alice, {.role = MemberRole::owner, .joined = Version(1)}}};
    EXPECT_TRUE(after({group_created(alice)}) == expected);
}

TEST(RoomFold, FollowsEverySetting) {
    Room expected = after({group_created(alice)});
    expected.name = std::nullopt;
    expected.description = "All are welcome";
    expected.alias = "hall";
    expected.visibility = Visibility::private_;
    expected.history = History::since_join;
    expected.max_members = 20;
    RoomUpdated update{
        .name = std::nullopt,
        .description = "All are welcome",
        .alias = "hall",
        .visibility = Visibility::private_,
        .history = History::since_join,
        .max_members = 20};
    update.name.emplace(std::nullopt);
    EXPECT_TRUE(after({group_created(alice), {.event = update, .by = alice}}) == expected);
}

TEST(RoomFold, KeepsTheTimeOfJoiningThroughAChangeOfRole) {
    const Room room = after({
        group_created(alice),
        joined(bob),
        role_changed(bob, MemberRole::owner),
    });
    const Member expected{.role = MemberRole::owner, .joined = Version(2)};
    EXPECT_TRUE(room.members.at(bob) == expected);
    EXPECT_EQ(room.owners, 2U);
}

TEST(RoomFold, CountsOwnersOnEveryPathOut) {
    const RoomPast ways_out[] = {
        left(bob),
        removed(bob),
        role_changed(bob, MemberRole::admin),
        banned(bob),
        joined(bob, MemberRole::member),
    };
    for (const RoomPast& way_out : ways_out) {
        const Room room = after({group_created(alice), joined(bob, MemberRole::owner), way_out});
        EXPECT_EQ(room.owners, 1U) << alternative_name(way_out.event);
    }
}

TEST(RoomFold, EndsMembershipAndInvitationByABan) {
    const Room room = after({group_created(alice), joined(bob), invited(bob), banned(bob)});
    EXPECT_FALSE(room.members.contains(bob));
    EXPECT_FALSE(room.invited.contains(bob));
    EXPECT_TRUE(room.banned.contains(bob));
}

TEST(RoomFold, IsNotMovedByEventsAboutUnknownUsers) {
    const Room before = after({group_created(alice)});
    const RoomPast strange[] = {
        left(dave),
        removed(dave),
        role_changed(dave, MemberRole::owner),
        invite_revoked(dave),
        unbanned(dave),
    };
    for (const RoomPast& past : strange)
        EXPECT_TRUE(after({group_created(alice), past}) == before) << alternative_name(past.event);
}

TEST(RoomFold, IsNotMovedByMessages) {
    const Room before = after({group_created(alice)});
    const RoomPast messages[] = {
        sent(alice),
        edited(Version(2), alice),
        deleted(Version(2), alice),
    };
    for (const RoomPast& message : messages) {
        EXPECT_TRUE(after({group_created(alice), message}) == before);
        EXPECT_FALSE(bears_on_room(message.event));
    }
}

TEST(RoomFold, IsBorneOnByEverythingElse) {
    const RoomPast others[] = {
        group_created(alice),
        {.event = RoomUpdated{}, .by = alice},
        archived(alice),
        joined(bob),
        left(bob),
        removed(bob),
        role_changed(bob, MemberRole::admin),
        invited(bob),
        invite_revoked(bob),
        banned(bob),
        unbanned(bob),
        {.event = InviteLinkCreated{}, .by = alice},
        {.event = InviteLinkRevoked{}, .by = alice},
        {.event = RetentionChanged{}, .by = alice},
        {.event = ContentsExpired{}, .by = alice},
    };
    // The rest is about a message: three that bear on it alone, two reactions, two pins.
    static_assert(std::size(others) + 7 == std::variant_size_v<RoomEvent>);
    for (const RoomPast& other : others) {
        EXPECT_TRUE(bears_on_room(other.event)) << alternative_name(other.event);
        EXPECT_EQ(message_named_by(other.event), std::nullopt);
        const EventContext context{.by = bob, .at = noon, .version = Version(9)};
        const Message live{.phase = Message::Phase::live, .sender = alice};
        EXPECT_TRUE(evolve(live, other.event, context) == live);
    }
}

TEST(MessageFold, GoesFromUnsentOverLiveToDeleted) {
    const std::vector<RoomPast> history{
        group_created(alice),
        joined(bob),
        sent(bob),
        edited(Version(3), bob),
        deleted(Version(3), alice)};
    const Message live{.phase = Message::Phase::live, .sender = bob};
    const Message again{.phase = Message::Phase::live, .sender = bob, .edits = 1};
    const Message gone{.phase = Message::Phase::deleted, .sender = bob};
    const auto up_to = [&](std::ptrdiff_t length) {
        return std::vector<RoomPast>(history.begin(), history.begin() + length);
    };
    EXPECT_TRUE(message_folded(up_to(2), Version(3)) == Message{});
    EXPECT_TRUE(message_folded(up_to(3), Version(3)) == live);
    EXPECT_TRUE(message_folded(up_to(4), Version(3)) == again);
    EXPECT_TRUE(message_folded(up_to(5), Version(3)) == gone);
}

TEST(MessageFold, IsForTheMessagesThatEventsName) {
    const MessageEdited edit{.seq = Version(3), .text = "hi", .mentions = {}};
    EXPECT_EQ(message_named_by(edit), Version(3));
    EXPECT_EQ(message_named_by(deleted(Version(4), alice).event), Version(4));
    MessageSent reply;
    reply.reply_to = Version(3);
    EXPECT_EQ(message_named_by(reply), std::nullopt);
}

}  // namespace
}  // namespace verbatim::testing
