#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

MessageDeleted recorded(Version seq) {
    return {.seq = seq, .destroyed = false};
}

// alice owns, bob is admin, carol and dave are plain members; carol's message is the fifth event.
Scenario<RoomEvent> talking_room() {
    return given(
        group_created(alice),
        joined(bob, MemberRole::admin),
        joined(carol),
        joined(dave),
        sent(carol)
    );
}

TEST(DeleteMessage, RecordsItForTheSenderAnAdminAndAnOwner) {
    for (const UserId user : {carol, bob, alice})
        talking_room().when(DeleteMessage{Version(5)}, by(user)).then(recorded(Version(5)));
}

TEST(DeleteMessage, IsRefusedWhenTheActorIsNotMember) {
    talking_room()
        .and_then({left(carol)})
        .when(DeleteMessage{Version(5)}, by(carol))
        .then_refused(Rule::actor_is_not_member);
}

TEST(DeleteMessage, IsRefusedWhenThereIsNoSuchMessage) {
    talking_room().when(DeleteMessage{Version(4)}, by(alice)).then_refused(Rule::message_not_found);
    talking_room().when(DeleteMessage{Version(6)}, by(dave)).then_refused(Rule::message_not_found);
}

TEST(DeleteMessage, IsRefusedToPlainMembersWhoDidNotSendIt) {
    talking_room()
        .when(DeleteMessage{Version(5)}, by(dave))
        .then_refused(Rule::actor_may_not_delete_message);
}

TEST(DeleteMessage, StaysQuietWhenTheMessageIsDeleted) {
    for (const UserId user : {carol, bob, alice})
        talking_room()
            .and_then({deleted(Version(5), alice)})
            .when(DeleteMessage{Version(5)}, by(user))
            .then_nothing();
}

TEST(DeleteMessage, AsksForAuthorityBeforeItIsAlreadySo) {
    talking_room()
        .and_then({deleted(Version(5), alice)})
        .when(DeleteMessage{Version(5)}, by(dave))
        .then_refused(Rule::actor_may_not_delete_message);
}

}  // namespace
}  // namespace verbatim::testing
