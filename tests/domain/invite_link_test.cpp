#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

constexpr LinkId poster = numbered<LinkId>(401);
constexpr LinkId other = numbered<LinkId>(402);
constexpr TokenHash code{4, 5, 6};

CreateInviteLink asked_for(LinkId link) {
    return {.link = link, .code_hash = code, .max_uses = 2, .expires_at = seconds_after_noon(60)};
}
InviteLinkCreated recorded(LinkId link) {
    return {.link = link, .code_hash = code, .max_uses = 2, .expires_at = seconds_after_noon(60)};
}
RoomPast created(LinkId link) {
    return {.event = recorded(link), .by = alice};
}
RoomPast unlimited(LinkId link) {
    InviteLinkCreated made{
        .link = link, .code_hash = code, .max_uses = std::nullopt, .expires_at = std::nullopt};
    return {.event = made, .by = alice};
}
RoomPast revoked(LinkId link) {
    return {.event = InviteLinkRevoked{.link = link}, .by = alice};
}
MemberJoined came(UserId user, LinkId link) {
    return {.user = user, .role = MemberRole::member, .added_by = std::nullopt, .link = link};
}
RoomPast joined_by(UserId user, LinkId link) {
    return {.event = came(user, link), .by = user};
}
std::vector<RoomPast> many_created(std::size_t count) {
    std::vector<RoomPast> history;
    for (std::size_t i = 0; i < count; ++i)
        history.push_back(created(numbered<LinkId>(static_cast<std::uint32_t>(10'000 + i))));
    return history;
}

TEST(CreateInviteLink, RecordsItsCodesHashAndItsEnds) {
    given(private_group_created(alice)).when(asked_for(poster), by(alice)).then(recorded(poster));
}

TEST(CreateInviteLink, IsAllowedToAdmins) {
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(asked_for(poster), by(bob))
        .then(recorded(poster));
}

TEST(CreateInviteLink, IsRefusedInAnArchivedRoom) {
    given(group_created(alice), archived(alice))
        .when(asked_for(poster), by(alice))
        .then_refused(Rule::room_is_archived);
}

TEST(CreateInviteLink, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice))
        .when(asked_for(poster), by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(CreateInviteLink, IsRefusedWhenTheActorMayNotManageMembers) {
    given(group_created(alice), joined(bob))
        .when(asked_for(poster), by(bob))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(CreateInviteLink, IsRefusedInADirectRoom) {
    given(direct_created(alice, bob))
        .when(asked_for(poster), by(alice))
        .then_refused(Rule::room_is_direct);
}

TEST(CreateInviteLink, StaysQuietWhenTheLinkIsThereAlready) {
    given(group_created(alice), created(poster)).when(asked_for(poster), by(alice)).then_nothing();
}

TEST(CreateInviteLink, MakesAsManyAsARoomMayHaveAndNoMore) {
    given(group_created(alice))
        .and_then(many_created(limits::invite_links_per_room_max - 1))
        .when(asked_for(poster), by(alice))
        .then(recorded(poster));
    given(group_created(alice))
        .and_then(many_created(limits::invite_links_per_room_max))
        .when(asked_for(poster), by(alice))
        .then_refused(Rule::room_has_too_many_invite_links);
}

TEST(CreateInviteLink, DoesNotCountThoseThatHaveExpired) {
    given(group_created(alice))
        .and_then(many_created(limits::invite_links_per_room_max))
        .when(asked_for(poster), by(alice, seconds_after_noon(60)))
        .then(recorded(poster));
}

TEST(RevokeInviteLink, RecordsWhichOne) {
    given(group_created(alice), created(poster), created(other))
        .when(RevokeInviteLink{poster}, by(alice))
        .then(InviteLinkRevoked{.link = poster});
}

TEST(RevokeInviteLink, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice), created(poster))
        .when(RevokeInviteLink{poster}, by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(RevokeInviteLink, IsRefusedWhenTheActorMayNotManageMembers) {
    given(group_created(alice), joined(bob), created(poster))
        .when(RevokeInviteLink{poster}, by(bob))
        .then_refused(Rule::actor_may_not_manage_members);
}

TEST(RevokeInviteLink, StaysQuietWhenTheLinkIsUnknownOrRevoked) {
    given(group_created(alice)).when(RevokeInviteLink{poster}, by(alice)).then_nothing();
    given(group_created(alice), created(poster), revoked(poster))
        .when(RevokeInviteLink{poster}, by(alice))
        .then_nothing();
}

TEST(JoinByLink, RecordsByWhichLinkTheMemberCame) {
    given(group_created(alice), created(poster))
        .when(JoinByLink{poster}, by(bob))
        .then(came(bob, poster));
}

TEST(JoinByLink, LetsStrangersIntoAPrivateRoom) {
    given(private_group_created(alice), unlimited(poster))
        .when(JoinByLink{poster}, by(bob))
        .then(came(bob, poster));
}

TEST(JoinByLink, IsRefusedWhereThereIsNoRoom) {
    given_no_room().when(JoinByLink{poster}, by(bob)).then_refused(Rule::room_not_found);
}

TEST(JoinByLink, IsRefusedInAnArchivedRoom) {
    given(group_created(alice), created(poster), archived(alice))
        .when(JoinByLink{poster}, by(bob))
        .then_refused(Rule::room_is_archived);
}

TEST(JoinByLink, IsRefusedToTheBanned) {
    given(private_group_created(alice), created(poster), banned(bob))
        .when(JoinByLink{poster}, by(bob))
        .then_refused(Rule::banned);
}

TEST(JoinByLink, StaysQuietForMembersAlsoWhenTheLinkHasEnded) {
    given(group_created(alice), joined(bob), created(poster), revoked(poster))
        .when(JoinByLink{poster}, by(bob))
        .then_nothing();
}

TEST(JoinByLink, IsRefusedWhenTheLinkIsUnknownOrRevoked) {
    given(group_created(alice), created(other))
        .when(JoinByLink{poster}, by(bob))
        .then_refused(Rule::invite_link_has_ended);
    given(group_created(alice), created(poster), revoked(poster))
        .when(JoinByLink{poster}, by(bob))
        .then_refused(Rule::invite_link_has_ended);
}

TEST(JoinByLink, WorksUpToTheLastUseAndNoMore) {
    given(group_created(alice), created(poster), joined_by(bob, poster))
        .when(JoinByLink{poster}, by(carol))
        .then(came(carol, poster));
    given(group_created(alice), created(poster), joined_by(bob, poster), joined_by(carol, poster))
        .when(JoinByLink{poster}, by(dave))
        .then_refused(Rule::invite_link_has_ended);
}

TEST(JoinByLink, WorksUntilTheMomentAtWhichItExpires) {
    const Timestamp last(seconds_after_noon(60).microseconds() - 1);
    given(group_created(alice), created(poster))
        .when(JoinByLink{poster}, by(bob, last))
        .then(came(bob, poster));
    given(group_created(alice), created(poster))
        .when(JoinByLink{poster}, by(bob, seconds_after_noon(60)))
        .then_refused(Rule::invite_link_has_ended);
}

TEST(JoinByLink, IsRefusedWhenTheRoomIsFull) {
    given(group_created(alice, 2), joined(bob), created(poster))
        .when(JoinByLink{poster}, by(carol))
        .then_refused(Rule::room_is_full);
}

TEST(JoinByLink, TakesUpAnInvitation) {
    given(
        private_group_created(alice),
        invited(bob),
        created(poster),
        joined_by(bob, poster),
        left(bob)
    )
        .when(JoinRoom{}, by(bob))
        .then_refused(Rule::room_not_found);
}

}  // namespace
}  // namespace verbatim::testing
