#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

// alice owns, bob is admin, carol is a plain member, dave a stranger.
Scenario<RoomEvent> staffed_room() {
    return given(group_created(alice), joined(bob, MemberRole::admin), joined(carol));
}

TEST(RemoveMember, RecordsWhoWasRemoved) {
    staffed_room().when(RemoveMember{carol}, by(bob)).then(MemberRemoved{.user = carol});
}

TEST(RemoveMember, LetsAnOwnerRemoveAdminsAndOwners) {
    staffed_room().when(RemoveMember{bob}, by(alice)).then(MemberRemoved{.user = bob});
    given(group_created(alice), joined(bob, MemberRole::owner))
        .when(RemoveMember{alice}, by(bob))
        .then(MemberRemoved{.user = alice});
}

TEST(RemoveMember, IsRefusedWhenTheActorIsNotMember) {
    staffed_room().when(RemoveMember{carol}, by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(RemoveMember, IsRefusedWhenTheActorMayNotManageMembers) {
    staffed_room()
        .when(RemoveMember{bob}, by(carol))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(RemoveMember, IsRefusedWhenAnAdminRemovesAnAdminOrOwner) {
    const auto scenario = given(
        group_created(alice), joined(bob, MemberRole::admin), joined(carol, MemberRole::admin)
    );
    scenario.when(RemoveMember{carol}, by(bob)).then_refused(Rule::actor_is_not_owner);
    scenario.when(RemoveMember{alice}, by(bob)).then_refused(Rule::actor_is_not_owner);
}

TEST(RemoveMember, IsRefusedWhenTheUserIsNotMember) {
    staffed_room().when(RemoveMember{dave}, by(bob)).then_refused(Rule::user_is_not_member);
}

TEST(RemoveMember, OfOneselfIsLeaving) {
    staffed_room().when(RemoveMember{carol}, by(carol)).then(MemberLeft{.user = carol});
    staffed_room().when(RemoveMember{dave}, by(dave)).then_refused(Rule::actor_is_not_member);
    staffed_room().when(RemoveMember{alice}, by(alice)).then_refused(Rule::room_needs_an_owner);
    given(group_created(alice))
        .when(RemoveMember{alice}, by(alice))
        .then(MemberLeft{.user = alice}, RoomArchived{});
}

}  // namespace
}  // namespace verbatim::testing
