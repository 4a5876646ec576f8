#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

using SequencerIdempotency = SequencerTest;

constexpr std::int64_t eight_days_us = std::int64_t{8} * 24 * 60 * 60 * 1'000'000;

TEST_F(SequencerIdempotency, ReplaysTheReceiptOfTheFirst) {
    accepted(create(1, user(1)));
    const auto first = accepted(keyed(send(1, user(1)), 1));
    accepted(send(1, user(1)));
    const auto second = accepted(keyed(send(1, user(1)), 1));
    EXPECT_FALSE(first.replayed);
    EXPECT_TRUE(second.replayed);
    EXPECT_EQ(second.stream, first.stream);
    EXPECT_EQ(second.position, first.position);
    EXPECT_EQ(second.version, first.version);
    EXPECT_EQ(second.first, first.first);
    EXPECT_EQ(second.count, 1);
    EXPECT_EQ(second.status, 201);
    EXPECT_TRUE(second.events().empty());
    EXPECT_EQ(log->head(), Position(3));
}

TEST_F(SequencerIdempotency, StoresTheKeyWithEveryEventOfTheCommand) {
    accepted(registration(2, "bob"));
    auto creation = create(1, user(1));
    std::get<CreateRoom>(std::get<RoomCommand>(creation.command)).members = {user(2)};
    const auto created = accepted(keyed(creation, 7));
    ASSERT_EQ(created.events().size(), 2u);
    for (const RecordedEvent& event : created.events()) {
        EXPECT_EQ(event.key, keyed(creation, 7).key);
        EXPECT_EQ(event.command, creation.id);
    }
}

TEST_F(SequencerIdempotency, AttachesADuplicateToTheFirstInFlight) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto first = submit(keyed(send(1, user(1)), 1));
    control->writes.wait_for_one();
    auto duplicate = submit(keyed(send(1, user(1)), 1));
    wait_until_decided();
    EXPECT_FALSE(duplicate.is_answered());
    control->writes.open();
    const auto answered = duplicate.wait();
    ASSERT_TRUE(answered.result);
    EXPECT_TRUE(answered.result->replayed);
    EXPECT_EQ(answered.result->position, first.result()->position);
    EXPECT_EQ(answered.projected, Position(2));
    EXPECT_EQ(log->head(), Position(2));
}

TEST_F(SequencerIdempotency, LetsTwentyAtOnceHappenOnce) {
    accepted(create(1, user(1)));
    const auto submission = keyed(send(1, user(1)), 1);
    std::vector<std::thread> callers;
    std::atomic<int> now{0};
    std::atomic<int> replayed{0};
    for (int i = 0; i < 20; ++i) {
        callers.emplace_back([&] {
            const auto result = run(submission);
            ASSERT_TRUE(result);
            EXPECT_EQ(result->position, Position(2));
            ++(result->replayed ? replayed : now);
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(now, 1);
    EXPECT_EQ(replayed, 19);
    EXPECT_EQ(log->head(), Position(2));
}

TEST_F(SequencerIdempotency, ReplaysAfterARestart) {
    accepted(create(1, user(1)));
    const auto first = accepted(keyed(send(1, user(1)), 1));
    restart();
    const auto second = accepted(keyed(send(1, user(1)), 1));
    EXPECT_TRUE(second.replayed);
    EXPECT_EQ(second.position, first.position);
    EXPECT_EQ(second.version, first.version);
    EXPECT_EQ(log->head(), Position(2));
}

TEST_F(SequencerIdempotency, RefusesAKeyThatCameWithAnotherRequest) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto first = submit(keyed(send(1, user(1)), 1, 10));
    control->writes.wait_for_one();
    auto in_flight = submit(keyed(send(1, user(1)), 1, 11));
    wait_until_decided();
    control->writes.open();
    EXPECT_TRUE(first.result());
    EXPECT_TRUE(is_fault(in_flight.result(), CommandFault::idempotency_key_reused));
    restart();
    EXPECT_TRUE(is_fault(run(keyed(send(1, user(1)), 1, 11)), CommandFault::idempotency_key_reused)
    );
    EXPECT_TRUE(accepted(keyed(send(1, user(1)), 1, 10)).replayed);
}

TEST_F(SequencerIdempotency, RemembersASuccessThatNeededNoEvent) {
    accepted(create(1, user(1)));
    const auto first = accepted(keyed(to_room(room(1), user(1), JoinRoom{}), 1));
    EXPECT_TRUE(first.already_so);
    EXPECT_EQ(first.position, Position(1));
    accepted(to_room(room(1), user(2), JoinRoom{}));
    restart();
    const auto second = accepted(keyed(to_room(room(1), user(1), JoinRoom{}), 1));
    EXPECT_TRUE(second.replayed);
    EXPECT_TRUE(second.already_so);
    EXPECT_EQ(second.position, Position(1));
    EXPECT_EQ(second.version, Version(1));
    EXPECT_EQ(second.count, 0);
    EXPECT_EQ(second.status, 201);
}

TEST_F(SequencerIdempotency, WritesAKeyWithoutEventsBeforeItAnswers) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto keyed_join = submit(keyed(to_room(room(1), user(1), JoinRoom{}), 1));
    control->writes.wait_for_one();
    EXPECT_FALSE(keyed_join.is_answered());
    control->writes.open();
    EXPECT_TRUE(keyed_join.result());
    EXPECT_EQ(log->head(), Position(1));
}

TEST_F(SequencerIdempotency, DoesNotRememberRefusals) {
    EXPECT_TRUE(is_refused(run(keyed(send(1, user(1)), 1)), Rule::room_not_found));
    accepted(create(1, user(1)));
    const auto sent = accepted(keyed(send(1, user(1)), 1));
    EXPECT_FALSE(sent.replayed);
    EXPECT_EQ(sent.version, Version(2));
}

TEST_F(SequencerIdempotency, ForgetsAfterItsTime) {
    accepted(create(1, user(1)));
    accepted(keyed(send(1, user(1)), 1));
    clock += eight_days_us;
    const auto later = accepted(keyed(send(1, user(1)), 1));
    EXPECT_FALSE(later.replayed);
    EXPECT_EQ(later.version, Version(3));
    EXPECT_TRUE(accepted(keyed(send(1, user(1)), 1)).replayed);
}

// A retry of CreateRoom comes with a new room id: nothing but its key tells that it is one.
TEST_F(SequencerIdempotency, MakesOneRoomOfTwoThatAreRecalledAtTheSameTime) {
    accepted(create(1, user(1)));
    restart();
    control->block(stream_of(room(1)));  // keeps the load thread busy
    auto busy = submit(send(1, user(1)));
    control->reads_of_blocked.wait_for_one();
    auto first = submit(keyed(create(2, user(1)), 1));
    auto duplicate = submit(keyed(create(3, user(1)), 1));
    auto other = submit(keyed(create(4, user(1)), 1, 99));
    control->reads_of_blocked.open();
    const auto created = first.result();
    const auto replayed = duplicate.result();
    ASSERT_TRUE(created && replayed);
    EXPECT_TRUE(replayed->replayed);
    EXPECT_EQ(replayed->stream, stream_of(room(2)));
    EXPECT_EQ(replayed->position, created->position);
    EXPECT_TRUE(is_fault(other.result(), CommandFault::idempotency_key_reused));
    EXPECT_TRUE(busy.result());
    EXPECT_EQ(log->version_of(stream_of(room(3))), Version(0));
}

TEST_F(SequencerIdempotency, DecidesTheDuplicatesOfARefusedCommandByThemselves) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    accepted(to_room(room(2), user(2), JoinRoom{}));
    control->block(stream_of(room(1)));
    auto refused = submit(keyed(send(1, user(2)), 1));  // no member of room 1
    auto in_room_2 = submit(keyed(send(2, user(2)), 1));
    auto duplicate = submit(keyed(send(2, user(2)), 1));
    control->reads_of_blocked.wait_for_one();
    control->reads_of_blocked.open();
    EXPECT_TRUE(is_refused(refused.result(), Rule::actor_is_not_member));
    const auto happened = in_room_2.result();
    const auto replayed = duplicate.result();
    ASSERT_TRUE(happened && replayed);
    EXPECT_FALSE(happened->replayed);
    EXPECT_TRUE(replayed->replayed);
    EXPECT_EQ(happened->position, replayed->position);
    EXPECT_EQ(log->head(), Position(4));
}

}  // namespace
}  // namespace verbatim::testing
