#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

const MemberJoined bob_joined{.user = bob, .role = MemberRole::member, .added_by = std::nullopt};

TEST(JoinRoom, RecordsTheNewMember) {
    given(group_created(alice)).when(JoinRoom{}, by(bob)).then(bob_joined);
}

TEST(JoinRoom, TakesTheInvitedIntoAPrivateRoom) {
    given(private_group_created(alice), invited(bob)).when(JoinRoom{}, by(bob)).then(bob_joined);
}

TEST(JoinRoom, ConsumesTheInvitation) {
    given(private_group_created(alice), invited(bob), joined(bob), left(bob))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_not_found);
}

TEST(JoinRoom, IsRefusedWhenAPrivateRoomDidNotInvite) {
    given(private_group_created(alice))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_not_found);
}

TEST(JoinRoom, IsRefusedWhenTheActorIsBanned) {
    given(group_created(alice), banned(bob)).when(JoinRoom{}, by(bob)).then_refused(Rule::banned);
    given(private_group_created(alice), banned(bob))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::banned);
}

TEST(JoinRoom, SaysArchivedBeforeBanned) {
    given(group_created(alice), banned(bob), archived(alice))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_is_archived);
}

TEST(JoinRoom, SaysBannedBeforeFull) {
    given(group_created(alice, 2), joined(carol), banned(bob))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::banned);
}

TEST(JoinRoom, StaysQuietWhenTheActorIsMember) {
    given(group_created(alice), joined(bob)).when(JoinRoom{}, by(bob)).then_nothing();
}

TEST(JoinRoom, IsAlreadySoBeforeItIsFull) {
    given(group_created(alice, 2), joined(bob)).when(JoinRoom{}, by(bob)).then_nothing();
}

TEST(JoinRoom, FillsTheLastPlaceAndNoMore) {
    given(group_created(alice, 2)).when(JoinRoom{}, by(bob)).then(bob_joined);
    given(group_created(alice, 2), joined(carol))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_is_full);
}

TEST(JoinRoom, IsRefusedToTheInvitedTooWhenTheRoomIsFull) {
    given(private_group_created(alice, 2), joined(carol), invited(bob))
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_is_full);
}

TEST(JoinRoom, FindsAPlaceThatAnotherLeft) {
    given(group_created(alice, 2), joined(carol), left(carol))
        .when(JoinRoom{}, by(bob))
        .then(bob_joined);
}

}  // namespace
}  // namespace verbatim::testing
