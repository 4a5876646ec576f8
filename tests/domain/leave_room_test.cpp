#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

TEST(LeaveRoom, RecordsWhoLeft) {
    given(group_created(alice), joined(bob))
        .when(LeaveRoom{}, by(bob))
        .then(MemberLeft{.user = bob});
}

TEST(LeaveRoom, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice)).when(LeaveRoom{}, by(bob)).then_refused(Rule::actor_is_not_member);
}

TEST(LeaveRoom, IsRefusedToTheLastOwnerAmongOthers) {
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(LeaveRoom{}, by(alice))
        .then_refused(Rule::room_needs_an_owner);
}

TEST(LeaveRoom, IsAllowedToAnOwnerWhoLeavesAnotherBehind) {
    given(group_created(alice), joined(bob, MemberRole::owner))
        .when(LeaveRoom{}, by(alice))
        .then(MemberLeft{.user = alice});
}

TEST(LeaveRoom, ArchivesTheRoomBehindTheLastMember) {
    given(group_created(alice), joined(bob), left(bob))
        .when(LeaveRoom{}, by(alice))
        .then(MemberLeft{.user = alice}, RoomArchived{});
}

}  // namespace
}  // namespace verbatim::testing
