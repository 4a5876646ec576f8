#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

PutMember put(UserId user, std::optional<MemberRole> role = std::nullopt) {
    return {.user = user, .role = role};
}

MemberJoined added(UserId user, MemberRole role, UserId adder) {
    return {.user = user, .role = role, .added_by = adder};
}

// alice owns, bob is admin, carol is a plain member, dave a stranger.
Scenario<RoomEvent> staffed_room() {
    return given(group_created(alice), joined(bob, MemberRole::admin), joined(carol));
}

TEST(PutMember, RecordsWhoWasAddedAndByWhom) {
    staffed_room()
        .when(put(dave, MemberRole::member), by(bob))
        .then(added(dave, MemberRole::member, bob));
}

TEST(PutMember, AddsAPlainMemberWhenNoRoleIsNamed) {
    staffed_room().when(put(dave), by(bob)).then(added(dave, MemberRole::member, bob));
}

TEST(PutMember, LetsAnOwnerAddAnAdminOrAnOwner) {
    staffed_room()
        .when(put(dave, MemberRole::admin), by(alice))
        .then(added(dave, MemberRole::admin, alice));
    staffed_room()
        .when(put(dave, MemberRole::owner), by(alice))
        .then(added(dave, MemberRole::owner, alice));
}

TEST(PutMember, RecordsAChangeOfRole) {
    staffed_room()
        .when(put(carol, MemberRole::admin), by(alice))
        .then(MemberRoleChanged{.user = carol, .role = MemberRole::admin});
    staffed_room()
        .when(put(bob, MemberRole::member), by(alice))
        .then(MemberRoleChanged{.user = bob, .role = MemberRole::member});
}

TEST(PutMember, IsRefusedWhenTheActorIsNotMember) {
    staffed_room().when(put(dave), by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(PutMember, IsRefusedWhenTheActorMayNotManageMembers) {
    staffed_room().when(put(dave), by(carol)).then_refused(Rule::actor_may_not_manage_members);
}

TEST(PutMember, IsRefusedWhenAnAdminMakesAnAdminOrOwner) {
    staffed_room()
        .when(put(dave, MemberRole::admin), by(bob))
        .then_refused(Rule::actor_is_not_owner);
    staffed_room()
        .when(put(carol, MemberRole::owner), by(bob))
        .then_refused(Rule::actor_is_not_owner);
}

TEST(PutMember, IsRefusedWhenAnAdminUnmakesAnAdminOrOwner) {
    staffed_room()
        .when(put(alice, MemberRole::member), by(bob))
        .then_refused(Rule::actor_is_not_owner);
    staffed_room()
        .when(put(bob, MemberRole::member), by(bob))
        .then_refused(Rule::actor_is_not_owner);
}

TEST(PutMember, IsRefusedWhenTheUserIsBanned) {
    given(group_created(alice), banned(dave))
        .when(put(dave), by(alice))
        .then_refused(Rule::user_is_banned);
}

TEST(PutMember, IsRefusedWhenTheUserHasNoAccount) {
    staffed_room()
        .where(nobody_is(dave))
        .when(put(dave), by(alice))
        .then_refused(Rule::user_not_found);
}

TEST(PutMember, StaysQuietWhenTheMemberHasThatRole) {
    staffed_room().when(put(carol, MemberRole::member), by(bob)).then_nothing();
    staffed_room().when(put(bob, MemberRole::admin), by(alice)).then_nothing();
    staffed_room().when(put(alice, MemberRole::owner), by(alice)).then_nothing();
}

TEST(PutMember, StaysQuietForAnyMemberWhenNoRoleIsNamed) {
    staffed_room().when(put(carol), by(bob)).then_nothing();
    staffed_room().when(put(alice), by(bob)).then_nothing();
}

TEST(PutMember, IsRefusedWhenItDemotesTheLastOwner) {
    staffed_room()
        .when(put(alice, MemberRole::admin), by(alice))
        .then_refused(Rule::room_needs_an_owner);
}

TEST(PutMember, DemotesAnOwnerWhenAnotherRemains) {
    given(group_created(alice), joined(bob, MemberRole::owner))
        .when(put(alice, MemberRole::member), by(alice))
        .then(MemberRoleChanged{.user = alice, .role = MemberRole::member});
}

TEST(PutMember, FillsTheLastPlaceAndNoMore) {
    given(group_created(alice, 2))
        .when(put(dave), by(alice))
        .then(added(dave, MemberRole::member, alice));
    given(group_created(alice, 2), joined(bob))
        .when(put(dave), by(alice))
        .then_refused(Rule::room_is_full);
}

TEST(PutMember, ChangesARoleInAFullRoom) {
    given(group_created(alice, 2), joined(bob))
        .when(put(bob, MemberRole::admin), by(alice))
        .then(MemberRoleChanged{.user = bob, .role = MemberRole::admin});
}

TEST(PutMember, AnswersTheEarlierOfTwoBrokenRules) {
    staffed_room()
        .when(put(carol, MemberRole::admin), by(dave))
        .then_refused(Rule::actor_is_not_member);
    staffed_room()
        .when(put(carol, MemberRole::admin), by(carol))
        .then_refused(Rule::actor_may_not_manage_members);
    const auto all_wrong =
        given(group_created(alice, 2), joined(bob, MemberRole::admin), banned(dave))
            .where(nobody_is(dave));
    all_wrong.when(put(dave, MemberRole::admin), by(bob)).then_refused(Rule::actor_is_not_owner);
    all_wrong.when(put(dave), by(bob)).then_refused(Rule::user_is_banned);
    given(group_created(alice, 2), joined(bob))
        .where(nobody_is(dave))
        .when(put(dave), by(alice))
        .then_refused(Rule::user_not_found);
}

}  // namespace
}  // namespace verbatim::testing
