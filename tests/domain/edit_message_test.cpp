#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

EditMessage edit(Version seq, std::vector<UserId> mentions = {}) {
    return {.seq = seq, .text = "hello again", .mentions = std::move(mentions)};
}

MessageEdited recorded(Version seq, std::vector<UserId> mentions = {}) {
    return {.seq = seq, .text = "hello again", .mentions = std::move(mentions)};
}

TEST(EditMessage, RecordsTheNewText) {
    given(group_created(alice), joined(bob), sent(bob))
        .when(edit(Version(3)), by(bob))
        .then(recorded(Version(3)));
}

TEST(EditMessage, MentionsMembersOnceEach) {
    given(group_created(alice), sent(alice), joined(bob))
        .when(edit(Version(2), {dave, bob, alice, bob}), by(alice))
        .then(recorded(Version(2), {bob, alice}));
}

TEST(EditMessage, IsRecordedAgainWhenTheTextIsTheSame) {
    given(group_created(alice), sent(alice), edited(Version(2), alice))
        .when(edit(Version(2)), by(alice))
        .then(recorded(Version(2)));
}

TEST(EditMessage, IsAllowedInAChannelWhereTheSenderMayNoLongerSend) {
    given(
        channel_created(alice),
        joined(bob, MemberRole::admin),
        sent(bob),
        role_changed(bob, MemberRole::member)
    )
        .when(edit(Version(3)), by(bob))
        .then(recorded(Version(3)));
}

TEST(EditMessage, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice), joined(bob), sent(bob), left(bob))
        .when(edit(Version(3)), by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(EditMessage, IsRefusedWhenThereIsNoSuchMessage) {
    const auto scenario = given(group_created(alice), joined(bob), sent(bob));
    scenario.when(edit(Version(2)), by(bob)).then_refused(Rule::message_not_found);
    scenario.when(edit(Version(4)), by(bob)).then_refused(Rule::message_not_found);
    scenario.when(edit(Version()), by(bob)).then_refused(Rule::message_not_found);
}

TEST(EditMessage, IsRefusedWhenTheMessageIsDeleted) {
    given(group_created(alice), sent(alice), deleted(Version(2), alice))
        .when(edit(Version(2)), by(alice))
        .then_refused(Rule::message_is_deleted);
}

TEST(EditMessage, IsRefusedToAllButTheSender) {
    given(group_created(alice), joined(bob), sent(bob))
        .when(edit(Version(3)), by(alice))
        .then_refused(Rule::actor_is_not_sender);
}

TEST(EditMessage, IsRefusedOnceTheMessageWasEditedTooOften) {
    std::vector<RoomPast> past{group_created(alice), sent(alice)};
    past.insert(past.end(), limits::edits_per_message_max - 1, edited(Version(2), alice));
    const MessageEdited recorded{.seq = Version(2), .text = "hello again", .mentions = {}};
    given(past).when(edit(Version(2)), by(alice)).then(recorded);
    past.push_back(edited(Version(2), alice));
    given(past).when(edit(Version(2)), by(alice)).then_refused(Rule::message_has_too_many_edits);
}

TEST(EditMessage, AnswersTheEarlierOfTwoBrokenRules) {
    const auto scenario =
        given(group_created(alice), joined(bob), sent(bob), deleted(Version(3), bob));
    scenario.when(edit(Version(9)), by(dave)).then_refused(Rule::actor_is_not_member);
    scenario.when(edit(Version(3)), by(alice)).then_refused(Rule::message_is_deleted);
}

}  // namespace
}  // namespace verbatim::testing
