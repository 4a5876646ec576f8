#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

CreateRoom creation(std::vector<UserId> members) {
    return {
        .kind = RoomKind::channel,
        .name = "News",
        .description = "What is new",
        .alias = "news",
        .visibility = Visibility::private_,
        .history = History::since_join,
        .max_members = 3,
        .members = std::move(members)};
}

const RoomCreated created{
    .kind = RoomKind::channel,
    .name = "News",
    .description = "What is new",
    .alias = "news",
    .visibility = Visibility::private_,
    .history = History::since_join,
    .max_members = 3,
    .direct_with = std::nullopt};

CreateRoom direct(std::vector<UserId> members) {
    CreateRoom command = creation(std::move(members));
    command.kind = RoomKind::direct;
    command.visibility = Visibility::public_;
    return command;
}

const RoomCreated pair_created{
    .kind = RoomKind::direct,
    .name = "News",
    .description = "What is new",
    .alias = std::nullopt,
    .visibility = Visibility::private_,
    .history = History::shared,
    .max_members = 2,
    .direct_with = bob};

MemberJoined added(UserId user) {
    return {.user = user, .role = MemberRole::member, .added_by = alice};
}

TEST(CreateRoom, RecordsTheRoomWithItsSettings) {
    given_no_room().when(creation({}), by(alice)).then(created);
}

TEST(CreateRoom, RecordsItsFirstMembersAsAddedByTheCreator) {
    given_no_room().when(creation({carol, bob}), by(alice)).then(created, added(carol), added(bob));
}

TEST(CreateRoom, TakesEachMemberOnceAndTheCreatorForGranted) {
    given_no_room()
        .when(creation({bob, alice, carol, bob}), by(alice))
        .then(created, added(bob), added(carol));
}

TEST(CreateRoom, RecordsADirectRoomAsAPrivatePairOfOwners) {
    given_no_room()
        .when(direct({bob}), by(alice))
        .then(
            pair_created, MemberJoined{.user = bob, .role = MemberRole::owner, .added_by = alice}
        );
}

TEST(CreateRoom, IsRefusedWhenTheRoomExists) {
    given(group_created(alice))
        .when(creation({}), by(alice))
        .then_refused(Rule::room_already_exists);
    given(group_created(alice), archived(alice))
        .when(creation({}), by(bob))
        .then_refused(Rule::room_already_exists);
}

TEST(CreateRoom, IsRefusedWhenADirectRoomHasNotExactlyOneOtherMember) {
    given_no_room().when(direct({}), by(alice)).then_refused(Rule::direct_needs_one_other_member);
    given_no_room()
        .when(direct({alice}), by(alice))
        .then_refused(Rule::direct_needs_one_other_member);
    given_no_room()
        .when(direct({bob, carol}), by(alice))
        .then_refused(Rule::direct_needs_one_other_member);
}

TEST(CreateRoom, IsRefusedWhenAMemberHasNoAccount) {
    given_no_room()
        .where(nobody_is(bob))
        .when(creation({carol, bob}), by(alice))
        .then_refused(Rule::user_not_found);
    given_no_room()
        .where(nobody_is(bob))
        .when(direct({bob}), by(alice))
        .then_refused(Rule::user_not_found);
}

TEST(CreateRoom, IsRefusedWhenTheAliasIsTaken) {
    given_no_room()
        .where(alias_is_taken())
        .when(creation({bob}), by(alice))
        .then_refused(Rule::alias_is_taken);
}

TEST(CreateRoom, NeedsNoAliasForADirectRoom) {
    given_no_room()
        .where(alias_is_taken())
        .when(direct({bob}), by(alice))
        .then(
            pair_created, MemberJoined{.user = bob, .role = MemberRole::owner, .added_by = alice}
        );
}

TEST(CreateRoom, IsRefusedWithMoreMembersThanItMayHave) {
    given_no_room().when(creation({bob, carol, dave}), by(alice)).then_refused(Rule::room_is_full);
}

TEST(CreateRoom, AnswersTheEarlierOfTwoBrokenRules) {
    const RoomFacts all_wrong{.message = {}, .alias_is_taken = true, .inactive = {bob}};
    const auto existing = given(group_created(alice)).where(all_wrong);
    const auto absent = given_no_room().where(all_wrong);
    existing.when(direct({}), by(alice)).then_refused(Rule::room_already_exists);
    absent.when(direct({bob, carol}), by(alice)).then_refused(Rule::direct_needs_one_other_member);
    absent.when(creation({bob}), by(alice)).then_refused(Rule::user_not_found);
    absent.when(creation({carol, dave, numbered<UserId>(9)}), by(alice))
        .then_refused(Rule::alias_is_taken);
}

}  // namespace
}  // namespace verbatim::testing
