#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

SendMessage saying(std::string text, std::vector<UserId> mentions = {}) {
    SendMessage command;
    command.text = std::move(text);
    command.mentions = std::move(mentions);
    return command;
}

SendMessage replying(Version seq) {
    SendMessage command = saying("hello");
    command.reply_to = seq;
    return command;
}

MessageSent said(std::string text, std::vector<UserId> mentions = {}) {
    return {
        .kind = MessageKind::text,
        .text = std::move(text),
        .metadata = std::nullopt,
        .attachments = {},
        .reply_to = std::nullopt,
        .mentions = std::move(mentions)};
}

std::vector<UserId> crowd(std::size_t count) {
    std::vector<UserId> users;
    for (std::size_t i = 0; i < count; ++i)
        users.push_back(numbered<UserId>(static_cast<std::uint32_t>(10'000 + i)));
    return users;
}

TEST(SendMessage, RecordsAllThatWasSaid) {
    const Attachment attachment{
        .file = numbered<FileId>(301),
        .filename = "cat.png",
        .media_type = "image/png",
        .bytes = 4'096,
        .width = 64,
        .height = 48};
    given(group_created(alice), joined(bob), sent(alice))
        .when(
            SendMessage{
                .kind = MessageKind::action,
                .text = "waves at @alice",
                .metadata = R"({"mood":"good"})",
                .attachments = {attachment},
                .reply_to = Version(3),
                .mentions = {alice}},
            by(bob)
        )
        .then(MessageSent{
            .kind = MessageKind::action,
            .text = "waves at @alice",
            .metadata = R"({"mood":"good"})",
            .attachments = {attachment},
            .reply_to = Version(3),
            .mentions = {alice}});
}

TEST(SendMessage, IsRecordedAgainWhenItIsSaidAgain) {
    given(group_created(alice), sent(alice)).when(saying("hello"), by(alice)).then(said("hello"));
}

TEST(SendMessage, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice))
        .when(saying("hello"), by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(SendMessage, IsRefusedToPlainMembersOfAChannel) {
    given(channel_created(alice), joined(bob))
        .when(saying("hello"), by(bob))
        .then_refused(Rule::actor_may_not_send);
}

TEST(SendMessage, IsForOwnersAndAdminsOfAChannel) {
    const auto scenario = given(channel_created(alice), joined(bob, MemberRole::admin));
    scenario.when(saying("hello"), by(alice)).then(said("hello"));
    scenario.when(saying("hello"), by(bob)).then(said("hello"));
}

TEST(SendMessage, IsRefusedWhenItRepliesToWhatIsNoMessage) {
    const auto scenario = given(group_created(alice), joined(bob), sent(bob));
    scenario.when(replying(Version(2)), by(alice)).then_refused(Rule::reply_target_not_found);
    scenario.when(replying(Version(4)), by(alice)).then_refused(Rule::reply_target_not_found);
}

TEST(SendMessage, IsRefusedWhenItRepliesToADeletedMessage) {
    given(group_created(alice), sent(alice), deleted(Version(2), alice))
        .when(replying(Version(2)), by(alice))
        .then_refused(Rule::reply_target_not_found);
}

TEST(SendMessage, AnswersTheEarlierOfTwoBrokenRules) {
    const auto scenario = given(channel_created(alice), joined(bob));
    scenario.when(replying(Version(9)), by(dave)).then_refused(Rule::actor_is_not_member);
    scenario.when(replying(Version(9)), by(bob)).then_refused(Rule::actor_may_not_send);
}

TEST(SendMessage, MentionsMembersOnceEachInTheOrderOfTheirNaming) {
    given(group_created(alice), joined(bob), joined(carol), left(carol))
        .when(saying("@bob @dave @alice @carol @bob", {bob, dave, alice, carol, bob}), by(alice))
        .then(said("@bob @dave @alice @carol @bob", {bob, alice}));
}

TEST(SendMessage, MentionsAsManyAsTheLimitAndDropsTheRest) {
    auto users = crowd(limits::mentions_per_message_max + 1);
    std::vector<RoomPast> all_joined;
    for (const UserId user : users) all_joined.push_back(joined(user));
    const auto scenario = given(group_created(alice)).and_then(all_joined);
    auto first = users;
    first.pop_back();
    scenario.when(saying("all", users), by(alice)).then(said("all", first));
    scenario.when(saying("all", first), by(alice)).then(said("all", first));
    // Strangers and repetitions before them cost no place.
    first.insert(first.begin(), {dave, users.front(), users.front()});
    scenario.when(saying("all", first), by(alice))
        .then(said("all", std::vector<UserId>(users.begin(), users.end() - 1)));
}

}  // namespace
}  // namespace verbatim::testing
