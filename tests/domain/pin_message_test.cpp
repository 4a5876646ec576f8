#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

// alice owns, bob is admin, carol is a plain member; carol's message is the fourth event.
Scenario<RoomEvent> talking_room() {
    return given(group_created(alice), joined(bob, MemberRole::admin), joined(carol), sent(carol));
}

TEST(PinMessage, RecordsItForOwnersAndAdmins) {
    for (const UserId user : {alice, bob})
        talking_room()
            .when(PinMessage{Version(4)}, by(user))
            .then(MessagePinned{.seq = Version(4)});
}

TEST(PinMessage, IsRefusedWhenThereIsNoSuchRoom) {
    given_no_room().when(PinMessage{Version(1)}, by(alice)).then_refused(Rule::room_not_found);
    given(private_group_created(alice), sent(alice))
        .when(PinMessage{Version(2)}, by(dave))
        .then_refused(Rule::room_not_found);
}

TEST(PinMessage, IsRefusedWhenTheRoomIsArchived) {
    talking_room()
        .and_then({archived(alice)})
        .when(PinMessage{Version(4)}, by(alice))
        .then_refused(Rule::room_is_archived);
}

TEST(PinMessage, IsRefusedWhenTheActorIsNotMember) {
    talking_room().when(PinMessage{Version(4)}, by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(PinMessage, IsRefusedToPlainMembersEvenOfTheirOwnMessage) {
    talking_room().when(PinMessage{Version(4)}, by(carol)).then_refused(Rule::actor_may_not_pin);
}

TEST(PinMessage, IsRefusedWhenThereIsNoSuchMessage) {
    talking_room().when(PinMessage{Version(3)}, by(alice)).then_refused(Rule::message_not_found);
    talking_room().when(PinMessage{Version(5)}, by(alice)).then_refused(Rule::message_not_found);
}

TEST(PinMessage, IsRefusedWhenTheMessageIsDeleted) {
    talking_room()
        .and_then({deleted(Version(4), alice)})
        .when(PinMessage{Version(4)}, by(alice))
        .then_refused(Rule::message_is_deleted);
}

TEST(PinMessage, StaysQuietWhenTheMessageIsPinned) {
    talking_room()
        .and_then({pinned(Version(4), bob)})
        .when(PinMessage{Version(4)}, by(alice))
        .then_nothing();
}

TEST(PinMessage, FillsTheRoomsBoardAndNoMore) {
    std::vector<RoomPast> history{group_created(alice)};
    for (std::size_t i = 0; i <= limits::pins_per_room_max; ++i) history.push_back(sent(alice));
    const auto message = [](std::size_t n) { return Version(n + 1); };  // the n-th, from 1
    for (std::size_t n = 1; n < limits::pins_per_room_max; ++n)
        history.push_back(pinned(message(n), alice));

    const Version last = message(limits::pins_per_room_max);
    const Version one_more = message(limits::pins_per_room_max + 1);
    given(history).when(PinMessage{last}, by(alice)).then(MessagePinned{.seq = last});
    history.push_back(pinned(last, alice));
    given(history).when(PinMessage{last}, by(alice)).then_nothing();
    given(history).when(PinMessage{one_more}, by(alice)).then_refused(Rule::room_has_too_many_pins);
    history.push_back(unpinned(last, alice));
    given(history).when(PinMessage{one_more}, by(alice)).then(MessagePinned{.seq = one_more});
}

TEST(UnpinMessage, RecordsItForOwnersAndAdmins) {
    for (const UserId user : {alice, bob})
        talking_room()
            .and_then({pinned(Version(4), alice)})
            .when(UnpinMessage{Version(4)}, by(user))
            .then(MessageUnpinned{.seq = Version(4)});
}

TEST(UnpinMessage, IsRefusedWhenThereIsNoSuchRoom) {
    given_no_room().when(UnpinMessage{Version(1)}, by(alice)).then_refused(Rule::room_not_found);
}

TEST(UnpinMessage, IsRefusedWhenTheRoomIsArchived) {
    talking_room()
        .and_then({pinned(Version(4), alice), archived(alice)})
        .when(UnpinMessage{Version(4)}, by(alice))
        .then_refused(Rule::room_is_archived);
}

TEST(UnpinMessage, IsRefusedWhenTheActorIsNotMember) {
    talking_room()
        .and_then({pinned(Version(4), alice)})
        .when(UnpinMessage{Version(4)}, by(dave))
        .then_refused(Rule::actor_is_not_member);
}

TEST(UnpinMessage, IsRefusedToPlainMembers) {
    talking_room()
        .and_then({pinned(Version(4), alice)})
        .when(UnpinMessage{Version(4)}, by(carol))
        .then_refused(Rule::actor_may_not_pin);
}

TEST(UnpinMessage, IsRefusedWhenThereIsNoSuchMessage) {
    talking_room().when(UnpinMessage{Version(3)}, by(alice)).then_refused(Rule::message_not_found);
}

TEST(UnpinMessage, StaysQuietWhenTheMessageIsNotPinned) {
    talking_room().when(UnpinMessage{Version(4)}, by(alice)).then_nothing();
    talking_room()
        .and_then({pinned(Version(4), alice), unpinned(Version(4), alice)})
        .when(UnpinMessage{Version(4)}, by(alice))
        .then_nothing();
}

TEST(DeleteMessage, UnpinsItFirstWhenItIsPinned) {
    talking_room()
        .and_then({pinned(Version(4), alice)})
        .when(DeleteMessage{Version(4)}, by(carol))
        .then(
            MessageUnpinned{.seq = Version(4)},
            MessageDeleted{.seq = Version(4), .destroyed = false}
        );
}

}  // namespace
}  // namespace verbatim::testing
