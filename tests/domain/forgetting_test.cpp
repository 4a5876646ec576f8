#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

RoomPast retention_changed(std::uint32_t days) {
    return {.event = RetentionChanged{.days = days}, .by = alice};
}
RoomPast expired(Version up_to) {
    return {.event = ContentsExpired{.up_to = up_to}, .by = UserId()};
}

TEST(SetRetention, RecordsTheDays) {
    given(group_created(alice))
        .when(SetRetention{.days = 30}, by(alice))
        .then(RetentionChanged{.days = 30});
}

TEST(SetRetention, IsRefusedWhenTheActorIsNotOwner) {
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(SetRetention{.days = 30}, by(bob))
        .then_refused(Rule::actor_is_not_owner);
}

TEST(SetRetention, NeedsNoMembershipOfAnAdminOfTheServer) {
    given(private_group_created(alice))
        .when(SetRetention{.days = 30, .is_by_admin = true}, by(bob))
        .then(RetentionChanged{.days = 30});
}

TEST(SetRetention, StaysQuietWhenItIsSoAlready) {
    given(group_created(alice), retention_changed(30))
        .when(SetRetention{.days = 30}, by(alice))
        .then_nothing();
}

TEST(EditMessage, IsRefusedWhenTheMessageHasExpired) {
    const auto scenario =
        given(group_created(alice), sent(alice), sent(alice), expired(Version(2)));
    const EditMessage edit{.seq = Version(2), .text = "again", .mentions = {}};
    scenario.when(edit, by(alice)).then_refused(Rule::message_is_deleted);
    const EditMessage later{.seq = Version(3), .text = "again", .mentions = {}};
    scenario.when(later, by(alice)).then(MessageEdited{Version(3), "again", {}});
}

}  // namespace
}  // namespace verbatim::testing
