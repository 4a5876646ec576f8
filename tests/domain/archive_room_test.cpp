#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

TEST(ArchiveRoom, RecordsIt) {
    given(group_created(alice), joined(bob)).when(ArchiveRoom{}, by(alice)).then(RoomArchived{});
}

TEST(ArchiveRoom, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice))
        .when(ArchiveRoom{}, by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(ArchiveRoom, IsRefusedWhenTheActorIsNotOwner) {
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(ArchiveRoom{}, by(bob))
        .then_refused(Rule::actor_is_not_owner);
}

TEST(ArchiveRoom, StaysQuietForAnOwnerOfAnArchivedRoom) {
    given(group_created(alice), joined(bob, MemberRole::owner), archived(bob))
        .when(ArchiveRoom{}, by(alice))
        .then_nothing();
}

TEST(ArchiveRoom, IsRefusedToOthersInAnArchivedRoom) {
    given(group_created(alice), joined(bob, MemberRole::admin), archived(alice))
        .when(ArchiveRoom{}, by(bob))
        .then_refused(Rule::room_is_archived);
}

}  // namespace
}  // namespace verbatim::testing
