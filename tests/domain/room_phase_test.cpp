#include "tests/domain/room_scenario.hpp"

// The guards that come before all others, for every command at once.
namespace verbatim::testing {
namespace {

TEST(RoomPhase, AnswersNotFoundToEverythingBeforeTheRoomIsCreated) {
    for (const RoomCommand& command : commands_to_a_room(bob))
        given_no_room().when(command, by(alice)).then_refused(Rule::room_not_found);
}

TEST(RoomPhase, HidesAPrivateRoomFromStrangers) {
    const auto scenario = given(private_group_created(alice), joined(bob));
    for (const RoomCommand& command : commands_to_a_room(dave))
        scenario.when(command, by(dave)).then_refused(Rule::room_not_found);
}

TEST(RoomPhase, HidesAPrivateRoomFromThoseWhoWereMembersOrInvited) {
    const auto scenario = given(
        private_group_created(alice),
        joined(bob),
        left(bob),
        invited(carol),
        invite_revoked(carol),
        banned(dave),
        unbanned(dave)
    );
    for (const UserId user : {bob, carol, dave})
        for (const RoomCommand& command : commands_to_a_room(user))
            scenario.when(command, by(user)).then_refused(Rule::room_not_found);
}

TEST(RoomPhase, HidesAPrivateRoomAlsoWhenItIsArchivedOrDirect) {
    const auto archive = given(private_group_created(alice), archived(alice));
    const auto pair = given(direct_created(alice, bob), joined(bob, MemberRole::owner));
    for (const RoomCommand& command : commands_to_a_room(dave)) {
        archive.when(command, by(dave)).then_refused(Rule::room_not_found);
        pair.when(command, by(dave)).then_refused(Rule::room_not_found);
    }
}

TEST(RoomPhase, ShowsAPrivateRoomToTheInvitedAndTheBanned) {
    const auto scenario = given(private_group_created(alice), invited(carol), banned(dave));
    SendMessage message;
    message.text = "hello";
    scenario.when(message, by(carol)).then_refused(Rule::actor_is_not_member);
    scenario.when(message, by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(RoomPhase, RefusesEverythingInAnArchivedRoomToItsMembers) {
    const auto scenario = given(group_created(alice), joined(bob), sent(bob), archived(alice));
    for (const RoomCommand& command : commands_to_a_room(carol))
        scenario.when(command, by(bob)).then_refused(Rule::room_is_archived);
}

TEST(RoomPhase, RefusesEverythingButArchivingInAnArchivedRoomToItsOwner) {
    const auto scenario = given(group_created(alice), joined(bob), archived(alice));
    for (const RoomCommand& command : commands_to_a_room(bob))
        if (!std::holds_alternative<ArchiveRoom>(command))
            scenario.when(command, by(alice)).then_refused(Rule::room_is_archived);
}

TEST(RoomPhase, SaysThatAPublicRoomIsArchivedBeforeThatTheActorIsNotMember) {
    const auto scenario = given(group_created(alice), archived(alice));
    for (const RoomCommand& command : commands_to_a_room(bob))
        scenario.when(command, by(dave)).then_refused(Rule::room_is_archived);
}

TEST(RoomPhase, KeepsADirectRoomsMembersAndSettingsAsTheyAre) {
    const auto scenario =
        given(direct_created(alice, bob), joined(bob, MemberRole::owner), sent(alice));
    for (const RoomCommand& command : commands_to_a_room(bob)) {
        const bool is_about_messages = std::holds_alternative<SendMessage>(command) ||
                                       std::holds_alternative<EditMessage>(command) ||
                                       std::holds_alternative<DeleteMessage>(command) ||
                                       std::holds_alternative<PinMessage>(command) ||
                                       std::holds_alternative<UnpinMessage>(command) ||
                                       std::holds_alternative<AddReaction>(command) ||
                                       std::holds_alternative<RemoveReaction>(command);
        if (!is_about_messages)
            scenario.when(command, by(alice)).then_refused(Rule::room_is_direct);
    }
}

TEST(RoomPhase, LetsAPairTalk) {
    const auto scenario =
        given(direct_created(alice, bob), joined(bob, MemberRole::owner), sent(alice));
    scenario.when(EditMessage{.seq = Version(3), .text = "hi", .mentions = {}}, by(alice))
        .then(MessageEdited{.seq = Version(3), .text = "hi", .mentions = {}});
    scenario.when(DeleteMessage{.seq = Version(3)}, by(alice))
        .then(MessageDeleted{.seq = Version(3), .destroyed = false});
}

TEST(RoomPhase, AsksAManagerForItsAuthorityBeforeAnythingAboutTheSubject) {
    // The subject breaks rules of its own: it is banned and has no account.
    const auto scenario =
        given(group_created(alice), joined(bob), banned(dave)).where(nobody_is(dave));
    const RoomCommand commands[] = {
        PutMember{.user = dave, .role = MemberRole::member},
        RemoveMember{.user = dave},
        InviteUser{.user = dave},
        RevokeInvite{.user = dave},
        BanUser{.user = dave, .reason = std::nullopt},
        UnbanUser{.user = dave},
    };
    for (const RoomCommand& command : commands) {
        scenario.when(command, by(carol)).then_refused(Rule::actor_is_not_member);
        scenario.when(command, by(bob)).then_refused(Rule::actor_may_not_manage_members);
    }
}

}  // namespace
}  // namespace verbatim::testing
