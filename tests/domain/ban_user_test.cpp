#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

BanUser ban(UserId user) {
    return {.user = user, .reason = "spam"};
}
MemberBanned recorded(UserId user) {
    return {.user = user, .reason = "spam"};
}

// alice owns, bob is admin, carol is a plain member, dave a stranger.
Scenario<RoomEvent> staffed_room() {
    return given(group_created(alice), joined(bob, MemberRole::admin), joined(carol));
}

std::vector<RoomPast> many_banned(std::size_t count) {
    std::vector<RoomPast> history;
    for (std::size_t i = 0; i < count; ++i)
        history.push_back(banned(numbered<UserId>(static_cast<std::uint32_t>(10'000 + i))));
    return history;
}

TEST(BanUser, RecordsWhoWasBannedAndWhy) {
    staffed_room().when(ban(carol), by(bob)).then(recorded(carol));
}

TEST(BanUser, RecordsABanWithoutReason) {
    staffed_room()
        .when(BanUser{.user = carol, .reason = std::nullopt}, by(bob))
        .then(MemberBanned{.user = carol, .reason = std::nullopt});
}

TEST(BanUser, IsForStrangersToo) {
    staffed_room().when(ban(dave), by(bob)).then(recorded(dave));
}

TEST(BanUser, LetsAnOwnerBanAdminsAndOwners) {
    staffed_room().when(ban(bob), by(alice)).then(recorded(bob));
    given(group_created(alice), joined(bob, MemberRole::owner))
        .when(ban(alice), by(bob))
        .then(recorded(alice));
}

TEST(BanUser, IsRefusedWhenTheActorIsNotMember) {
    staffed_room().when(ban(carol), by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(BanUser, IsRefusedWhenTheActorMayNotManageMembers) {
    staffed_room().when(ban(alice), by(carol)).then_refused(Rule::actor_may_not_manage_members);
}

TEST(BanUser, IsRefusedWhenAnAdminBansAnAdminOrOwner) {
    staffed_room().when(ban(bob), by(bob)).then_refused(Rule::actor_is_not_owner);
    staffed_room().when(ban(alice), by(bob)).then_refused(Rule::actor_is_not_owner);
}

TEST(BanUser, IsRefusedWhenTheUserHasNoAccount) {
    staffed_room()
        .where(nobody_is(dave))
        .when(ban(dave), by(bob))
        .then_refused(Rule::user_not_found);
}

TEST(BanUser, AsksForTheAccountBeforeItIsAlreadySo) {
    given(group_created(alice), banned(carol))
        .where(nobody_is(carol))
        .when(ban(carol), by(alice))
        .then_refused(Rule::user_not_found);
}

TEST(BanUser, StaysQuietWhenTheUserIsBanned) {
    given(group_created(alice), banned(carol)).when(ban(carol), by(alice)).then_nothing();
}

TEST(BanUser, IsRefusedWhenItBansTheLastOwner) {
    staffed_room().when(ban(alice), by(alice)).then_refused(Rule::room_needs_an_owner);
}

TEST(BanUser, BansUpToTheLimitAndNoMore) {
    auto below = given(group_created(alice)).and_then(many_banned(limits::bans_per_room_max - 1));
    below.when(ban(carol), by(alice)).then(recorded(carol));
    std::move(below)
        .and_then({banned(dave)})
        .when(ban(carol), by(alice))
        .then_refused(Rule::room_has_too_many_bans);
}

TEST(BanUser, SaysThatTheRoomNeedsAnOwnerBeforeThatItHasTooManyBans) {
    given(group_created(alice))
        .and_then(many_banned(limits::bans_per_room_max))
        .when(ban(alice), by(alice))
        .then_refused(Rule::room_needs_an_owner);
}

TEST(UnbanUser, RecordsWhoMayComeBack) {
    given(group_created(alice), joined(bob, MemberRole::admin), banned(carol))
        .when(UnbanUser{carol}, by(bob))
        .then(MemberUnbanned{.user = carol});
}

TEST(UnbanUser, IsRefusedWhenTheActorIsNotMember) {
    given(private_group_created(alice), banned(carol))
        .when(UnbanUser{carol}, by(carol))
        .then_refused(Rule::actor_is_not_member);
}

TEST(UnbanUser, IsRefusedWhenTheActorMayNotManageMembers) {
    given(group_created(alice), joined(bob), banned(carol))
        .when(UnbanUser{carol}, by(bob))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(UnbanUser, StaysQuietWhenTheUserIsNotBanned) {
    staffed_room().when(UnbanUser{carol}, by(alice)).then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
