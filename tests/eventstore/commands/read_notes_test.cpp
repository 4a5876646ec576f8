#include "domain/limits.hpp"
#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

// Read markers: at most one room.read for a user and room within the interval, the last one always.
class SequencerReads : public SequencerTest {
protected:
    static constexpr std::int64_t interval_us = limits::read_marker_interval_ms * 1'000;

    // A room with so many messages, and a log that was quiet for a while.
    void make_room(std::uint64_t number, int messages = 20) {
        accepted(create(number, user(1)));
        for (int i = 0; i < messages; ++i) accepted(send(number, user(1)));
        pass(interval_us);
    }
    void pass(std::int64_t us) { clock += us; }
    // Has the due notes recorded. Returns once those of `reader` are: a stream's commands keep
    // their order, the answers too.
    void tick(UserId reader = user(1)) {
        sequencer->record_due_reads();
        (void)run(mark_read(reader, room(1), 1));
    }
    // What the log says that the user has read, marker by marker.
    std::vector<std::uint64_t> recorded(UserId reader) {
        std::vector<std::uint64_t> markers;
        const auto cursor = log->read_stream(reader_stream_of(reader), Version());
        while (true) {
            const auto event = cursor->next();
            EXPECT_TRUE(event);
            if (!event || !*event) return markers;
            const auto& read = std::get<RoomRead>(std::get<ReaderEvent>((*event)->event));
            markers.push_back(read.up_to.value());
        }
    }
    // The process is killed: nothing more becomes durable.
    void kill_and_restart() {
        control->writes_until_failure = 0;
        restart();
    }
};

using Markers = std::vector<std::uint64_t>;

TEST_F(SequencerReads, RecordTheFirstMarkerAtOnceAndNoteThoseThatFollow) {
    make_room(1);
    EXPECT_EQ(accepted(mark_read(user(1), room(1), 2)).count, 1);
    const Position head = log->head();
    for (std::uint64_t seq = 3; seq <= 9; ++seq) {
        const Accepted noted = accepted(mark_read(user(1), room(1), seq));
        EXPECT_TRUE(noted.already_so);
        EXPECT_EQ(noted.position, head) << "the place of the state that is durable";
    }
    EXPECT_EQ(log->head(), head);
    EXPECT_EQ(recorded(user(1)), Markers{2});
    const auto notes = listener->notes();
    ASSERT_EQ(notes.size(), 7u);
    EXPECT_EQ(notes.back().note.up_to, Version(9));
    EXPECT_EQ(notes.back().note.user, user(1));
    EXPECT_EQ(notes.back().note.room, room(1));
    EXPECT_FALSE(notes.back().is_recorded);
}

TEST_F(SequencerReads, TellOfANoteBeforeItsCommandIsAnswered) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    auto promise = std::make_shared<std::promise<std::size_t>>();
    sequencer->submit(mark_read(user(1), room(1), 3), [this, promise](const CommandResult&) {
        promise->set_value(listener->notes().size());
    });
    EXPECT_EQ(promise->get_future().get(), 1u);
}

TEST_F(SequencerReads, RecordTheLastNoteWhenTheIntervalIsOver) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    accepted(mark_read(user(1), room(1), 5));
    const Submission last = mark_read(user(1), room(1), 7);
    const CommandId command = last.id;
    accepted(last);
    pass(interval_us - 1);
    tick();
    EXPECT_EQ(recorded(user(1)), Markers{2});
    pass(1);
    tick();
    EXPECT_EQ(recorded(user(1)), (Markers{2, 7}));
    EXPECT_TRUE(listener->notes().back().is_recorded);
    const auto events = listener->events();
    const auto read = std::find_if(events.rbegin(), events.rend(), [](const RecordedEvent& event) {
        return event.stream.kind == StreamKind::reader;
    });
    EXPECT_EQ(read->command, command);
    EXPECT_EQ(read->actor, user(1));
    pass(interval_us);
    tick();
    EXPECT_EQ(recorded(user(1)), (Markers{2, 7})) << "once";
}

TEST_F(SequencerReads, LetALaterMarkerTakeTheNotesPlace) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    accepted(mark_read(user(1), room(1), 5));
    pass(interval_us);
    EXPECT_EQ(accepted(mark_read(user(1), room(1), 9)).count, 1);
    tick();
    EXPECT_EQ(recorded(user(1)), (Markers{2, 9}));
}

TEST_F(SequencerReads, KeepToTheRulesWhileAMarkerIsNoted) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    accepted(mark_read(user(1), room(1), 9));
    EXPECT_TRUE(accepted(mark_read(user(1), room(1), 5)).already_so) << "only forward";
    EXPECT_TRUE(is_refused(run(mark_read(user(1), room(1), 99)), Rule::read_marker_is_beyond_room));
    EXPECT_TRUE(is_refused(run(mark_read(user(2), room(1), 3)), Rule::actor_is_not_member));
    EXPECT_EQ(listener->notes().size(), 1u);
}

TEST_F(SequencerReads, CountEachUserAndRoomApart) {
    make_room(1);
    make_room(2);
    accepted(to_room(room(1), user(2), JoinRoom{}));
    pass(interval_us);
    EXPECT_EQ(accepted(mark_read(user(1), room(1), 2)).count, 1);
    EXPECT_EQ(accepted(mark_read(user(1), room(2), 2)).count, 1);
    EXPECT_EQ(accepted(mark_read(user(2), room(1), 2)).count, 1);
    EXPECT_EQ(accepted(mark_read(user(2), room(1), 3)).count, 0);
}

TEST_F(SequencerReads, RememberTheKeyOfANotedMarker) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    const Accepted noted = accepted(keyed(mark_read(user(1), room(1), 5), 1));
    const Accepted again = accepted(keyed(mark_read(user(1), room(1), 5), 1));
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.position, noted.position);
    kill_and_restart();
    EXPECT_TRUE(accepted(keyed(mark_read(user(1), room(1), 5), 1)).replayed);
}

TEST_F(SequencerReads, RecordAllNotesWhenTheSequencerStops) {
    make_room(1);
    make_room(2);
    for (const std::uint64_t number : {1, 2}) {
        accepted(mark_read(user(1), room(number), 2));
        accepted(mark_read(user(1), room(number), 10 + number));
    }
    restart();
    Markers markers = recorded(user(1));
    std::sort(markers.begin(), markers.end());
    EXPECT_EQ(markers, (Markers{2, 2, 11, 12}));
    EXPECT_TRUE(log->notes_at_opening().empty());
}

TEST_F(SequencerReads, LeaveTheNotesToTheNextStartWhilePaused) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    accepted(mark_read(user(1), room(1), 5));
    sequencer->pause("disk_almost_full");
    pass(interval_us);
    sequencer->record_due_reads();
    restart();
    EXPECT_EQ(recorded(user(1)), Markers{2});
    ASSERT_EQ(log->notes_at_opening().size(), 1u);
    EXPECT_EQ(log->notes_at_opening()[0].up_to, Version(5));
}

TEST_F(SequencerReads, SurviveAKillBetweenNoteAndEvent) {
    make_room(1);
    accepted(mark_read(user(1), room(1), 2));
    accepted(mark_read(user(1), room(1), 5));
    kill_and_restart();
    EXPECT_EQ(recorded(user(1)), Markers{2});
    ASSERT_EQ(log->notes_at_opening().size(), 1u);
    EXPECT_TRUE(accepted(mark_read(user(1), room(1), 4)).already_so) << "it holds";
    tick();
    EXPECT_EQ(recorded(user(1)), Markers{2}) << "the interval is not over";
    EXPECT_TRUE(accepted(mark_read(user(1), room(1), 6)).already_so);
    pass(interval_us);
    tick();
    EXPECT_EQ(recorded(user(1)), (Markers{2, 6}));
}

TEST_F(SequencerReads, AreRecordedOfWhoHasLeftMeanwhile) {
    make_room(1);
    accepted(to_room(room(1), user(2), JoinRoom{}));
    accepted(mark_read(user(2), room(1), 2));
    accepted(mark_read(user(2), room(1), 5));
    accepted(to_room(room(1), user(2), LeaveRoom{}));
    pass(interval_us);
    tick(user(2));
    EXPECT_EQ(recorded(user(2)).back(), 5u);
}

// Whatever is marked, killed and awaited: what was answered is recorded in the end, and markers
// ascend.
TEST_F(SequencerReads, AlwaysRecordTheLastMarker) {
    make_room(1, 60);
    std::uint64_t random = 7;
    std::uint64_t last = 0;
    for (int step = 0; step < 300; ++step) {
        random = random * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
        switch (random >> 60) {
            case 0: restart(); break;
            case 1: kill_and_restart(); break;
            case 2:
            case 3:
            case 4: pass(static_cast<std::int64_t>(random >> 40 & 0x3f'ffff)); break;
            case 5:
            case 6: tick(); break;
            default: {
                const std::uint64_t up_to = 1 + (random >> 32) % 60;
                accepted(mark_read(user(1), room(1), up_to));
                last = std::max(last, up_to);
            }
        }
    }
    pass(interval_us);
    tick();
    const Markers markers = recorded(user(1));
    EXPECT_EQ(markers.back(), last);
    EXPECT_TRUE(std::is_sorted(markers.begin(), markers.end()));
    EXPECT_EQ(std::adjacent_find(markers.begin(), markers.end()), markers.end());
}

}  // namespace
}  // namespace verbatim::testing
