#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

using SequencerFailure = SequencerTest;

TEST_F(SequencerFailure, AnswersOutcomeUnknownToAllWhoWait) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    accepted(send(1, user(1)));
    control->block(stream_of(room(2)));
    control->writes.close();
    control->writes_until_failure = 1;
    std::vector<Pending> waiting;
    waiting.push_back(submit(keyed(send(1, user(1)), 1)));  // being written
    control->writes.wait_for_one();
    waiting.push_back(submit(send(1, user(1))));                       // in the batch being formed
    waiting.push_back(submit(send(1, user(7))));                       // refused
    waiting.push_back(submit(keyed(send(1, user(1)), 1)));             // a duplicate
    waiting.push_back(submit(keyed(send(2, user(1)), 2)));             // its room is cold
    waiting.push_back(submit(keyed(send(2, user(1)), 2)));             // waits for its first
    waiting.push_back(submit(to_room(room(2), user(2), JoinRoom{})));  // behind it
    control->reads_of_blocked.wait_for_one();
    control->writes_until_failure = 0;
    control->writes.open();
    for (Pending& pending : waiting)
        EXPECT_TRUE(is_fault(pending.result(), CommandFault::outcome_unknown));
    EXPECT_EQ(log->head(), Position(3));
    EXPECT_EQ(listener->announced(), Position(3));
}

TEST_F(SequencerFailure, TakesNoMoreCommandsUntilARestart) {
    std::vector<StoreFault> reported;
    options.on_store_error = [&](const StoreError& error) { reported.push_back(error.fault); };
    restart();
    accepted(create(1, user(1)));
    control->writes_until_failure = 0;
    EXPECT_TRUE(is_fault(run(send(1, user(1))), CommandFault::outcome_unknown));
    const auto refused = run(send(1, user(1)));
    EXPECT_TRUE(is_fault(refused, CommandFault::not_taking_commands));
    EXPECT_EQ(refused.error().reason, "restart_required");
    EXPECT_EQ(sequencer->pause_reason(), "restart_required");
    sequencer->pause("disk_almost_full");
    sequencer->resume();
    EXPECT_EQ(sequencer->pause_reason(), "restart_required");
    restart();
    EXPECT_EQ(reported, std::vector{StoreFault::outcome_unknown});
    EXPECT_EQ(accepted(send(1, user(1))).position, Position(2));
}

TEST_F(SequencerFailure, LetsARetryFindOutWhetherItHappened) {
    accepted(create(1, user(1)));
    control->failed_write_is_there = true;
    control->writes_until_failure = 0;
    EXPECT_TRUE(is_fault(run(keyed(send(1, user(1)), 1)), CommandFault::outcome_unknown));
    restart();
    const auto replayed = accepted(keyed(send(1, user(1)), 1));
    EXPECT_TRUE(replayed.replayed);
    EXPECT_EQ(replayed.position, Position(2));
    EXPECT_EQ(log->head(), Position(2));
}

TEST_F(SequencerFailure, AnswersStorageFailedWhenAColdAggregateCannotBeRead) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    control->fail_reads_of(stream_of(room(1)));
    EXPECT_TRUE(is_fault(run(send(1, user(1))), CommandFault::storage_failed));
    EXPECT_TRUE(is_fault(run(mark_read(user(1), room(1), 1)), CommandFault::storage_failed));
    EXPECT_EQ(accepted(send(2, user(1))).version, Version(2));
    control->fail_no_reads();
    EXPECT_EQ(accepted(send(1, user(1))).version, Version(2));
}

TEST_F(SequencerFailure, OfAReadIsToldToEachThatWaitedForIt) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    control->block(stream_of(room(2)));  // keeps the load thread busy
    auto other = submit(send(2, user(1)));
    control->reads_of_blocked.wait_for_one();
    control->fail_reads_of(stream_of(room(1)));
    auto first = submit(keyed(send(1, user(1)), 1));
    auto duplicate = submit(keyed(send(1, user(1)), 1));
    auto behind = submit(send(1, user(1)));
    control->reads_of_blocked.open();
    EXPECT_TRUE(is_fault(first.result(), CommandFault::storage_failed));
    EXPECT_TRUE(is_fault(duplicate.result(), CommandFault::storage_failed));
    EXPECT_TRUE(is_fault(behind.result(), CommandFault::storage_failed));
    EXPECT_TRUE(other.result());
}

using SequencerDoor = SequencerTest;

TEST_F(SequencerDoor, IsClosedWhilePausedAndWhatWasTakenGoesOn) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto taken = submit(send(1, user(1)));
    control->writes.wait_for_one();
    sequencer->pause("disk_almost_full");
    EXPECT_EQ(sequencer->pause_reason(), "disk_almost_full");
    const auto refused = run(send(1, user(1)));
    EXPECT_TRUE(is_fault(refused, CommandFault::not_taking_commands));
    EXPECT_EQ(refused.error().reason, "disk_almost_full");
    control->writes.open();
    EXPECT_TRUE(taken.result());
    sequencer->resume();
    EXPECT_EQ(sequencer->pause_reason(), std::nullopt);
    EXPECT_EQ(accepted(send(1, user(1))).version, Version(3));
}

TEST_F(SequencerDoor, IsClosedByStopWhichAnswersAllThatWasTaken) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    accepted(send(1, user(1)));
    control->block(stream_of(room(2)));
    control->writes.close();
    std::vector<Pending> taken;
    for (int i = 0; i < 50; ++i) taken.push_back(submit(send(1, user(1))));
    for (int i = 0; i < 50; ++i) taken.push_back(submit(send(2, user(1))));  // parked
    control->reads_of_blocked.wait_for_one();
    std::thread stopping([this] { sequencer->stop(); });
    while (!sequencer->pause_reason()) std::this_thread::yield();
    const auto refused = run(send(1, user(1)));
    EXPECT_TRUE(is_fault(refused, CommandFault::not_taking_commands));
    EXPECT_EQ(refused.error().reason, "draining");
    control->reads_of_blocked.open();
    control->writes.open();
    stopping.join();
    for (Pending& pending : taken) {
        ASSERT_TRUE(pending.is_answered());
        EXPECT_TRUE(pending.result());
    }
    EXPECT_EQ(sequencer->queued(), 0u);
    sequencer->stop();
}

TEST_F(SequencerDoor, RefusesWhenTheQueueIsFull) {
    options.queue_max = 4;
    restart();
    accepted(create(1, user(1)));
    control->writes.close();
    std::vector<Pending> taken;
    for (int i = 0; i < 4; ++i) taken.push_back(submit(send(1, user(1))));
    EXPECT_EQ(sequencer->queued(), 4u);
    auto refused = submit(send(1, user(1)));
    ASSERT_TRUE(refused.is_answered());
    EXPECT_TRUE(is_fault(refused.result(), CommandFault::queue_is_full));
    control->writes.open();
    for (Pending& pending : taken) EXPECT_TRUE(pending.result());
    EXPECT_EQ(accepted(send(1, user(1))).version, Version(6));
}

TEST_F(SequencerDoor, LetsBatchesBeNoLongerThanTheirBound) {
    std::atomic<std::size_t> longest{0};
    options.batch_commands_max = 8;
    options.observer = [&](const BatchTiming& timing) {
        longest = std::max(longest.load(), timing.commands);
    };
    restart();
    accepted(create(1, user(1)));
    control->writes.close();
    std::vector<Pending> taken;
    for (int i = 0; i < 100; ++i) taken.push_back(submit(send(1, user(1))));
    control->writes.wait_for_one();
    control->writes.open();
    for (Pending& pending : taken) EXPECT_TRUE(pending.result());
    sequencer->stop();
    EXPECT_EQ(longest, 8u);
}

}  // namespace
}  // namespace verbatim::testing
