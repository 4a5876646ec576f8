#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

using SequencerRecall = SequencerTest;

TEST_F(SequencerRecall, OfAColdRoomStallsNobodyElse) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    accepted(send(2, user(1)));
    control->block(stream_of(room(1)));
    auto cold = submit(send(1, user(1)));
    control->reads_of_blocked.wait_for_one();
    for (int i = 0; i < 100; ++i) accepted(send(2, user(1)));
    EXPECT_FALSE(cold.is_answered());
    control->reads_of_blocked.open();
    EXPECT_EQ(cold.result()->version, Version(2));
}

TEST_F(SequencerRecall, KeepsTheOrderWithinAStream) {
    accepted(create(1, user(1)));
    restart();
    control->block(stream_of(room(1)));
    std::vector<Pending> sends;
    for (std::uint64_t i = 0; i < 200; ++i) sends.push_back(submit(send(1, user(1))));
    control->reads_of_blocked.wait_for_one();
    for (std::uint64_t i = 0; i < 200; ++i) sends.push_back(submit(send(1, user(1))));
    control->reads_of_blocked.open();
    for (std::uint64_t i = 0; i < 200; ++i) sends.push_back(submit(send(1, user(1))));
    for (std::uint64_t i = 0; i < sends.size(); ++i)
        EXPECT_EQ(sends[i].result()->version, Version(i + 2));
}

TEST_F(SequencerRecall, KeepsTheOrderWhileAMessageOfTheRoomIsRecalled) {
    accepted(create(1, user(1)));
    accepted(send(1, user(1)));
    restart();
    accepted(send(1, user(1)));  // the room is warm, its message 2 is not
    auto deleted = submit(to_room(room(1), user(1), DeleteMessage{Version(2)}));
    auto edited = submit(to_room(room(1), user(1), EditMessage{Version(2), "Too late", {}}));
    auto sent = submit(send(1, user(1)));
    EXPECT_EQ(deleted.result()->version, Version(4));
    EXPECT_TRUE(is_refused(edited.result(), Rule::message_is_deleted));
    EXPECT_EQ(sent.result()->version, Version(5));
}

TEST_F(SequencerRecall, IsSharedByAllWhoWaitForIt) {
    accepted(create(1, user(1)));
    accepted(create(2, user(1)));
    restart();
    control->block(stream_of(room(1)));
    const std::size_t before = control->gets[EventLog::snapshots];
    std::vector<Pending> waiting;
    waiting.push_back(submit(send(1, user(1))));
    for (std::uint64_t i = 1; i < 20; ++i)
        waiting.push_back(submit(mark_read(user(i), room(1), 1)));
    control->reads_of_blocked.wait_for_one();
    control->reads_of_blocked.open();
    EXPECT_TRUE(waiting[0].result());
    EXPECT_TRUE(waiting[1].result());
    for (std::uint64_t i = 2; i < 20; ++i)
        EXPECT_TRUE(is_refused(waiting[i].result(), Rule::actor_is_not_member));
    EXPECT_EQ(control->gets[EventLog::snapshots] - before, 1u);
}

// A command may need more than the caches may hold.
TEST_F(SequencerRecall, OfManyAtOnceEndsEvenIfTheCacheIsTiny) {
    for (std::uint64_t i = 1; i <= 40; ++i) accepted(registration(i, "user" + std::to_string(i)));
    options.cached_accounts_max = 2;
    options.cached_rooms_max = 1;
    options.cached_messages_max = 1;
    restart();
    auto creation = create(1, user(1));
    auto& command = std::get<CreateRoom>(std::get<RoomCommand>(creation.command));
    for (std::uint64_t i = 1; i <= 40; ++i) command.members.push_back(user(i));
    auto other = creation;
    other.stream = stream_of(room(2));
    auto first = submit(creation);
    auto second = submit(other);
    EXPECT_EQ(first.result()->count, 40);
    EXPECT_EQ(second.result()->count, 40);
}

class SequencerSnapshots : public SequencerTest {
protected:
    // The load thread keeps a snapshot sometime after the command that made it due.
    void wait_for_snapshot(const StreamId& stream) {
        while (!log->snapshot_of(stream).value()) accepted(create(next_room_++, user(1)));
    }

private:
    std::uint64_t next_room_ = 1'000;
};

TEST_F(SequencerSnapshots, SpareARestartTheFoldFromTheBeginning) {
    accepted(create(1, user(1)));
    for (std::uint64_t i = 0; i < limits::events_per_snapshot; ++i) {
        const bool joins = i / 200 % 2 == 0;
        const auto command = joins ? RoomCommand(JoinRoom{}) : RoomCommand(LeaveRoom{});
        accepted(to_room(room(1), user(100 + i % 200), command));
    }
    accepted(send(1, user(1)));
    wait_for_snapshot(stream_of(room(1)));
    const auto folded = in_log<Room>(stream_of(room(1)));
    restart();
    const std::size_t before = control->gets[EventLog::records];
    EXPECT_EQ(accepted(send(1, user(1))).version, Version(limits::events_per_snapshot + 3));
    EXPECT_LT(control->gets[EventLog::records] - before, 10u);
    EXPECT_EQ(in_log<Room>(stream_of(room(1))), folded);
    EXPECT_EQ(folded.members.size(), 201u);
}

TEST_F(SequencerSnapshots, AreIgnoredWhenDamaged) {
    accepted(create(1, user(1)));
    accepted(to_room(room(1), user(2), JoinRoom{}));
    sequencer.reset();
    EXPECT_TRUE(log->keep_snapshot(stream_of(room(1)), "no snapshot", 0));
    restart();
    EXPECT_EQ(accepted(send(1, user(2))).version, Version(3));
}

}  // namespace
}  // namespace verbatim::testing
