#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

// alice owns, bob and carol are plain members; carol's message is the fourth event.
Scenario<RoomEvent> talking_room() {
    return given(group_created(alice), joined(bob), joined(carol), sent(carol));
}

AddReaction add(const std::string& emoji, Version seq = Version(4)) {
    return {.seq = seq, .emoji = emoji};
}
RemoveReaction remove(const std::string& emoji, Version seq = Version(4)) {
    return {.seq = seq, .emoji = emoji};
}
RoomPast reacted(UserId user, const std::string& emoji) {
    return {.event = ReactionAdded{.seq = Version(4), .emoji = emoji}, .by = user};
}
RoomPast took_back(UserId user, const std::string& emoji) {
    return {.event = ReactionRemoved{.seq = Version(4), .emoji = emoji}, .by = user};
}
std::string emoji_numbered(std::size_t number) {
    return "emoji" + std::to_string(number);
}

TEST(AddReaction, RecordsItForEveryMemberTheSenderIncluded) {
    for (const UserId user : {alice, bob, carol})
        talking_room()
            .when(add("👍"), by(user))
            .then(ReactionAdded{.seq = Version(4), .emoji = "👍"});
}

TEST(AddReaction, IsRecordedBesideAnotherOfTheSameUserAndTheSameOfAnother) {
    talking_room()
        .and_then({reacted(bob, "👍"), reacted(alice, "🎉")})
        .when(add("🎉"), by(bob))
        .then(ReactionAdded{.seq = Version(4), .emoji = "🎉"});
}

TEST(AddReaction, IsAllowedInAChannelToThoseWhoMayNotSend) {
    given(channel_created(alice), joined(bob), sent(alice))
        .when(add("👍", Version(3)), by(bob))
        .then(ReactionAdded{.seq = Version(3), .emoji = "👍"});
}

TEST(AddReaction, IsRefusedWhenThereIsNoSuchRoom) {
    given_no_room().when(add("👍"), by(alice)).then_refused(Rule::room_not_found);
    given(private_group_created(alice), sent(alice))
        .when(add("👍", Version(2)), by(dave))
        .then_refused(Rule::room_not_found);
}

TEST(AddReaction, IsRefusedWhenTheRoomIsArchived) {
    talking_room()
        .and_then({archived(alice)})
        .when(add("👍"), by(bob))
        .then_refused(Rule::room_is_archived);
}

TEST(AddReaction, IsRefusedWhenTheActorIsNotMember) {
    talking_room().when(add("👍"), by(dave)).then_refused(Rule::actor_is_not_member);
}

TEST(AddReaction, IsRefusedWhenThereIsNoSuchMessage) {
    talking_room().when(add("👍", Version(3)), by(bob)).then_refused(Rule::message_not_found);
    talking_room().when(add("👍", Version(5)), by(bob)).then_refused(Rule::message_not_found);
}

TEST(AddReaction, IsRefusedWhenTheMessageIsDeleted) {
    talking_room()
        .and_then({reacted(bob, "👍"), deleted(Version(4), carol)})
        .when(add("👍"), by(bob))
        .then_refused(Rule::message_is_deleted);
}

TEST(AddReaction, StaysQuietWhenItIsThere) {
    talking_room().and_then({reacted(bob, "👍")}).when(add("👍"), by(bob)).then_nothing();
}

TEST(AddReaction, IsRefusedBeyondTheEmojiOfOneMessage) {
    std::vector<RoomPast> most;
    for (std::size_t i = 1; i < limits::emoji_per_message_max; ++i)
        most.push_back(reacted(bob, emoji_numbered(i)));
    talking_room()
        .and_then(most)
        .when(add("👍"), by(bob))
        .then(ReactionAdded{.seq = Version(4), .emoji = "👍"});
    most.push_back(reacted(carol, "👍"));
    talking_room()
        .and_then(most)
        .when(add("🎉"), by(bob))
        .then_refused(Rule::message_has_too_many_reactions);
    talking_room()
        .and_then(most)
        .when(add("👍"), by(bob))
        .then(ReactionAdded{.seq = Version(4), .emoji = "👍"});
    most.push_back(took_back(carol, "👍"));
    talking_room()
        .and_then(most)
        .when(add("🎉"), by(bob))
        .then(ReactionAdded{.seq = Version(4), .emoji = "🎉"});
}

TEST(AddReaction, IsRefusedBeyondTheReactionsToOneMessage) {
    std::vector<RoomPast> most;
    for (std::size_t i = 1; i < limits::reactions_per_message_max; ++i)
        most.push_back(reacted(numbered<UserId>(static_cast<std::uint32_t>(1'000 + i)), "👍"));
    talking_room()
        .and_then(most)
        .when(add("👍"), by(bob))
        .then(ReactionAdded{.seq = Version(4), .emoji = "👍"});
    most.push_back(reacted(carol, "👍"));
    talking_room()
        .and_then(most)
        .when(add("👍"), by(bob))
        .then_refused(Rule::message_has_too_many_reactions);
    talking_room().and_then(most).when(add("👍"), by(carol)).then_nothing();
}

TEST(RemoveReaction, RecordsIt) {
    talking_room()
        .and_then({reacted(bob, "👍")})
        .when(remove("👍"), by(bob))
        .then(ReactionRemoved{.seq = Version(4), .emoji = "👍"});
}

TEST(RemoveReaction, IsRefusedWhenThereIsNoSuchRoom) {
    given_no_room().when(remove("👍"), by(alice)).then_refused(Rule::room_not_found);
}

TEST(RemoveReaction, IsRefusedWhenTheRoomIsArchived) {
    talking_room()
        .and_then({reacted(bob, "👍"), archived(alice)})
        .when(remove("👍"), by(bob))
        .then_refused(Rule::room_is_archived);
}

TEST(RemoveReaction, IsRefusedWhenTheActorIsNotMember) {
    talking_room()
        .and_then({reacted(bob, "👍"), left(bob)})
        .when(remove("👍"), by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(RemoveReaction, IsRefusedWhenThereIsNoSuchMessage) {
    talking_room().when(remove("👍", Version(3)), by(bob)).then_refused(Rule::message_not_found);
}

TEST(RemoveReaction, IsRefusedWhenTheMessageIsDeleted) {
    talking_room()
        .and_then({reacted(bob, "👍"), deleted(Version(4), carol)})
        .when(remove("👍"), by(bob))
        .then_refused(Rule::message_is_deleted);
}

TEST(RemoveReaction, StaysQuietWhenItIsNotThere) {
    talking_room().when(remove("👍"), by(bob)).then_nothing();
    talking_room()
        .and_then({reacted(carol, "👍"), reacted(bob, "🎉")})
        .when(remove("👍"), by(bob))
        .then_nothing();
    talking_room()
        .and_then({reacted(bob, "👍"), took_back(bob, "👍")})
        .when(remove("👍"), by(bob))
        .then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
