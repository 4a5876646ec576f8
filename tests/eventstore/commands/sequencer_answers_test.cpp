#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

using SequencerAnswers = SequencerTest;

TEST_F(SequencerAnswers, SayWhereTheEventsStand) {
    const auto created = accepted(create(1, user(1)));
    EXPECT_EQ(created.position, Position(1));
    EXPECT_EQ(created.version, Version(1));
    const auto sent = accepted(send(1, user(1), "Ahoy"));
    EXPECT_EQ(sent.stream, stream_of(room(1)));
    EXPECT_EQ(sent.position, Position(2));
    EXPECT_EQ(sent.version, Version(2));
    EXPECT_EQ(sent.first, Position(2));
    EXPECT_EQ(sent.count, 1);
    EXPECT_FALSE(sent.replayed);
    EXPECT_FALSE(sent.already_so);
    ASSERT_EQ(sent.events().size(), 1u);
    EXPECT_EQ(log->read(Position(2)).value(), sent.events().front());
}

TEST_F(SequencerAnswers, HoldTheEventsOfTheirOwnCommandAlone) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto first = submit(send(1, user(1), "first"));
    control->writes.wait_for_one();
    std::vector<Pending> together;
    for (int i = 0; i < 100; ++i)
        together.push_back(submit(send(1, user(1), "text " + std::to_string(i))));
    wait_until_decided();
    control->writes.open();
    for (int i = 0; i < 100; ++i) {
        const auto result = together[static_cast<std::size_t>(i)].result();
        ASSERT_TRUE(result);
        ASSERT_EQ(result->events().size(), 1u);
        const auto& event = std::get<RoomEvent>(result->events().front().event);
        EXPECT_EQ(std::get<MessageSent>(event).text, "text " + std::to_string(i));
        EXPECT_EQ(result->events().front().position, result->position);
    }
}

TEST_F(SequencerAnswers, WaitUntilTheirEventsAreDurable) {
    control->writes.close();
    auto created = submit(create(1, user(1)));
    control->writes.wait_for_one();
    EXPECT_FALSE(created.is_answered());
    EXPECT_EQ(log->head(), Position(0));
    EXPECT_EQ(listener->projected(), Position(0));
    control->writes.open();
    EXPECT_EQ(created.wait().durable, Position(1));
}

TEST_F(SequencerAnswers, ComeAfterProjectionAndBeforeTheAnnouncement) {
    listener->gate.close();
    auto created = submit(create(1, user(1)));
    listener->gate.wait_for_one();
    EXPECT_FALSE(created.is_answered());
    listener->gate.open();
    const auto answered = created.wait();
    EXPECT_EQ(answered.projected, Position(1));
    EXPECT_EQ(answered.announced, Position(0));
}

TEST_F(SequencerAnswers, WaitForTheBatchThatARefusalDependedOn) {
    accepted(create(1, user(1), 2));
    control->writes.close();
    auto joined = submit(to_room(room(1), user(2), JoinRoom{}));
    control->writes.wait_for_one();
    auto refused = submit(to_room(room(1), user(3), JoinRoom{}));
    wait_until_decided();
    EXPECT_FALSE(refused.is_answered());
    control->writes.open();
    const auto answered = refused.wait();
    EXPECT_TRUE(is_refused(answered.result, Rule::room_is_full));
    EXPECT_EQ(answered.projected, joined.result()->position);
}

TEST_F(SequencerAnswers, WaitForTheBatchThatAnAlreadySoDependedOn) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto joined = submit(to_room(room(1), user(2), JoinRoom{}));
    control->writes.wait_for_one();
    auto again = submit(to_room(room(1), user(2), JoinRoom{}));
    wait_until_decided();
    EXPECT_FALSE(again.is_answered());
    control->writes.open();
    const auto answered = again.wait();
    ASSERT_TRUE(answered.result);
    EXPECT_TRUE(answered.result->already_so);
    EXPECT_EQ(answered.result->count, 0);
    EXPECT_TRUE(answered.result->events().empty());
    EXPECT_EQ(answered.result->position, joined.result()->position);
    EXPECT_EQ(answered.projected, answered.result->position);
}

TEST_F(SequencerAnswers, AreNotAnnouncedWithoutEvents) {
    EXPECT_TRUE(is_refused(run(send(1, user(1))), Rule::room_not_found));
    EXPECT_TRUE(listener->events().empty());
    EXPECT_EQ(log->head(), Position(0));
}

TEST_F(SequencerAnswers, ReportTheTimesOfTheirBatch) {
    std::mutex mutex;
    std::vector<BatchTiming> timings;
    options.observer = [&](const BatchTiming& timing) {
        const std::lock_guard lock(mutex);
        timings.push_back(timing);
    };
    restart();
    accepted(create(1, user(1)));
    sequencer->stop();
    ASSERT_EQ(timings.size(), 1u);
    EXPECT_EQ(timings[0].commands, 1u);
    EXPECT_EQ(timings[0].events, 1u);
    EXPECT_GT(timings[0].bytes, 0u);
}

TEST_F(SequencerAnswers, NeverShowLogTimeGoingBack) {
    accepted(create(1, user(1)));
    clock -= 60'000'000;
    accepted(send(1, user(1)));
    clock -= 60'000'000;
    restart();
    accepted(send(1, user(1)));
    const auto first = log->read(Position(1)).value().at;
    EXPECT_EQ(log->read(Position(2)).value().at, first);
    EXPECT_EQ(log->read(Position(3)).value().at, first);
    clock += 180'000'000;
    accepted(send(1, user(1)));
    EXPECT_EQ(log->read(Position(4)).value().at, Timestamp(clock.load()));
}

TEST_F(SequencerAnswers, CarryEventIdsThatAreUuidsOfTheirTime) {
    const auto first = accepted(create(1, user(1))).events().front().id.value();
    const auto second = accepted(send(1, user(1))).events().front().id.value();
    EXPECT_NE(first, second);
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | first.bytes[i];
    EXPECT_EQ(milliseconds, clock.load() / 1'000);
    EXPECT_EQ(first.bytes[6] >> 4, 7);
    EXPECT_EQ(first.bytes[8] >> 6, 2);
}

}  // namespace
}  // namespace verbatim::testing
