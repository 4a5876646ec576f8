#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

std::vector<RoomPast> many_invited(std::size_t count) {
    std::vector<RoomPast> history;
    for (std::size_t i = 0; i < count; ++i)
        history.push_back(invited(numbered<UserId>(static_cast<std::uint32_t>(10'000 + i))));
    return history;
}

TEST(InviteUser, RecordsWhoWasInvited) {
    given(private_group_created(alice))
        .when(InviteUser{carol}, by(alice))
        .then(MemberInvited{.user = carol});
}

TEST(InviteUser, IsAllowedToAdmins) {
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(InviteUser{carol}, by(bob))
        .then(MemberInvited{.user = carol});
}

TEST(InviteUser, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice))
        .when(InviteUser{carol}, by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(InviteUser, IsRefusedWhenTheActorMayNotManageMembers) {
    given(group_created(alice), joined(bob))
        .when(InviteUser{carol}, by(bob))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(InviteUser, IsRefusedWhenTheUserIsBanned) {
    given(group_created(alice), banned(carol))
        .when(InviteUser{carol}, by(alice))
        .then_refused(Rule::user_is_banned);
}

TEST(InviteUser, IsRefusedWhenTheUserHasNoAccount) {
    given(group_created(alice))
        .where(nobody_is(carol))
        .when(InviteUser{carol}, by(alice))
        .then_refused(Rule::user_not_found);
}

TEST(InviteUser, SaysBannedBeforeNotFound) {
    given(group_created(alice), banned(carol))
        .where(nobody_is(carol))
        .when(InviteUser{carol}, by(alice))
        .then_refused(Rule::user_is_banned);
}

TEST(InviteUser, AsksForTheAccountBeforeItIsAlreadySo) {
    given(group_created(alice), invited(carol))
        .where(nobody_is(carol))
        .when(InviteUser{carol}, by(alice))
        .then_refused(Rule::user_not_found);
}

TEST(InviteUser, StaysQuietWhenTheUserIsMember) {
    given(group_created(alice), joined(carol)).when(InviteUser{carol}, by(alice)).then_nothing();
}

TEST(InviteUser, StaysQuietWhenTheUserIsInvited) {
    given(group_created(alice), invited(carol)).when(InviteUser{carol}, by(alice)).then_nothing();
}

TEST(InviteUser, InvitesUpToTheLimitAndNoMore) {
    given(group_created(alice))
        .and_then(many_invited(limits::invites_per_room_max - 1))
        .when(InviteUser{carol}, by(alice))
        .then(MemberInvited{.user = carol});
    given(group_created(alice))
        .and_then(many_invited(limits::invites_per_room_max))
        .when(InviteUser{carol}, by(alice))
        .then_refused(Rule::room_has_too_many_invites);
}

TEST(InviteUser, IsAlreadySoBeforeTheLimitIsReached) {
    given(group_created(alice), invited(carol))
        .and_then(many_invited(limits::invites_per_room_max))
        .when(InviteUser{carol}, by(alice))
        .then_nothing();
}

TEST(RevokeInvite, RecordsWhoseInvitationEnded) {
    given(group_created(alice), invited(carol))
        .when(RevokeInvite{carol}, by(alice))
        .then(MemberInviteRevoked{.user = carol});
}

TEST(RevokeInvite, LetsTheInvitedDecline) {
    given(private_group_created(alice), invited(carol))
        .when(RevokeInvite{carol}, by(carol))
        .then(MemberInviteRevoked{.user = carol});
}

TEST(RevokeInvite, IsRefusedWhenTheActorIsNeitherMemberNorTheInvited) {
    given(private_group_created(alice), invited(carol), invited(dave))
        .when(RevokeInvite{carol}, by(dave))
        .then_refused(Rule::actor_is_not_member);
}

TEST(RevokeInvite, IsRefusedWhenTheActorMayNotManageMembers) {
    given(group_created(alice), joined(bob), invited(carol))
        .when(RevokeInvite{carol}, by(bob))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(RevokeInvite, StaysQuietWhenTheUserIsNotInvited) {
    given(group_created(alice)).when(RevokeInvite{carol}, by(alice)).then_nothing();
    given(group_created(alice)).when(RevokeInvite{carol}, by(carol)).then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
