#include "tests/eventstore/commands/sequencer_fixture.hpp"
#include "tests/support/destroying.hpp"

namespace verbatim::testing {
namespace {

// What goes on command, and what those may no more who are going.
class SequencerForgetting : public SequencerTest {
protected:
    Accepted erase(std::uint64_t number) {
        return accepted(to_account(user(number), BeginErasure{.verified = std::nullopt}));
    }
    CommandResult destroy(const Forgotten& forgotten) {
        std::promise<CommandResult> answer;
        sequencer->destroy(std::make_shared<const Forgotten>(forgotten), [&](CommandResult result) {
            answer.set_value(std::move(result));
        });
        return answer.get_future().get();
    }
    void destroy_all_of(const Accepted& erasure) {
        const auto walk = walk_of(*log, log->read(erasure.first).value());
        for (auto piece = walk->next().value(); piece; piece = walk->next().value())
            EXPECT_TRUE(destroy(*piece));
    }
};

TEST_F(SequencerForgetting, DestroysInTheLogBeforeItTellsTheViews) {
    accepted(registration(1, "ada"));
    accepted(create(1, user(1)));
    const Accepted message = accepted(send(1, user(1), "secret"));
    destroy_all_of(erase(1));
    EXPECT_FALSE(log->read_stored(message.position)->contents.front().has_value());
    std::vector<Position> told;
    for (const RecordedEvent& event : listener->forgotten()) told.push_back(event.position);
    EXPECT_TRUE(std::ranges::count(told, message.position));
    EXPECT_TRUE(log->needs_scrub());
}

TEST_F(SequencerForgetting, RefusesWhatAnErasedUserAsksForAfterwards) {
    accepted(registration(1, "ada"));
    accepted(create(1, user(1)));
    erase(1);
    EXPECT_TRUE(is_refused(run(send(1, user(1))), Rule::account_is_not_active));
    EXPECT_TRUE(is_refused(run(create(2, user(1))), Rule::account_is_not_active));
    EXPECT_TRUE(is_refused(run(mark_read(user(1), room(1), 1)), Rule::account_is_not_active));
    restart();
    EXPECT_TRUE(is_refused(run(send(1, user(1))), Rule::account_is_not_active));
    EXPECT_TRUE(accepted(to_account(user(1), BeginErasure{.verified = std::nullopt})).already_so);
}

TEST_F(SequencerForgetting, RecordsNoReadMarkerThatAnErasedUserHadNoted) {
    accepted(registration(1, "ada"));
    accepted(create(1, user(1)));
    accepted(registration(2, "ben"));
    accepted(to_room(room(1), user(2), JoinRoom{}));
    accepted(send(1, user(1)));
    accepted(mark_read(user(2), room(1), 1));
    accepted(mark_read(user(2), room(1), 3));
    const Accepted erasure = erase(2);
    clock += 10'000'000;
    sequencer->record_due_reads();
    sequencer->stop();
    for (const RecordedEvent& event : listener->events())
        EXPECT_FALSE(event.stream == reader_stream_of(user(2)) && event.position > erasure.first);
    restart();
    EXPECT_TRUE(log->notes_at_opening().empty());
}

TEST_F(SequencerForgetting, ForgetsARoomsNameThatItHadInMind) {
    accepted(registration(1, "ada"));
    accepted(create(1, user(1)));
    accepted(registration(2, "ben"));
    accepted(to_room(room(1), user(2), JoinRoom{}));
    accepted(to_room(room(1), user(1), PutMember{user(2), MemberRole::owner}));
    destroy_all_of(erase(1));
    accepted(registration(3, "any other command"));
    UpdateRoom same_name;
    same_name.name = std::optional<std::string>("Harbour");
    EXPECT_FALSE(accepted(to_room(room(1), user(2), same_name)).already_so);
}

TEST_F(SequencerForgetting, SaysThatDestroyingFailed) {
    accepted(registration(1, "ada"));
    const Accepted erasure = erase(1);
    const auto piece = walk_of(*log, log->read(erasure.first).value())->next().value();
    control->writes_until_failure = 0;
    EXPECT_TRUE(is_fault(destroy(*piece), CommandFault::outcome_unknown));
    restart();
    EXPECT_EQ(log->erasures_pending().value(), std::vector{user(1)});
}

// ---- Holds --------------------------------------------------------------------------------------

// A hold and what it forbids in the same instant: the one that is first in the log wins, whatever
// had been looked up before. While writes stand still, no view shows the other.
class SequencerHolds : public SequencerForgetting {
protected:
    SequencerHolds() {
        accepted(registration(1, "ada"));
        accepted(registration(2, "ben"));
        accepted(create(1, user(1)));
    }
    Submission hold(std::optional<UserId> on_user, std::optional<RoomId> on_room) {
        auto submission = to_room({}, user(9), JoinRoom{});
        submission.stream = server_stream;
        submission.command = ServerCommand(SetHold{on_user, on_room, "a case"});
        return submission;
    }
    Submission erasure(std::uint64_t number, std::vector<RoomId> rooms, Position as_of) {
        return to_account(
            user(number),
            BeginErasure{.verified = std::nullopt, .rooms = std::move(rooms), .rooms_as_of = as_of}
        );
    }
    Submission expiry(Version up_to, Position as_of) {
        return to_room(room(1), the_server, ExpireContents{.up_to = up_to, .holds_as_of = as_of});
    }
};

TEST_F(SequencerHolds, StopAnErasureThatHasLookedBefore) {
    const Position looked = log->head();
    control->writes.close();
    auto held = submit(hold(std::nullopt, room(1)));
    auto erased = submit(erasure(1, {room(1)}, looked));
    control->writes.open();
    EXPECT_TRUE(held.result());
    EXPECT_TRUE(is_refused(erased.result(), Rule::is_held));
    EXPECT_TRUE(log->erasures_pending().value().empty());
}

TEST_F(SequencerHolds, StopNothingThatIsBeforeThemInTheLog) {
    const Position looked = log->head();
    control->writes.close();
    auto erased = submit(erasure(1, {room(1)}, looked));
    auto held = submit(hold(std::nullopt, room(1)));
    control->writes.open();
    const CommandResult erasure_result = erased.result();
    const CommandResult hold_result = held.result();
    ASSERT_TRUE(erasure_result);
    ASSERT_TRUE(hold_result);
    EXPECT_LT(erasure_result->position, hold_result->position);
}

TEST_F(SequencerHolds, StopTheErasureOfWhoCameIntoAHeldRoomAndWentSince) {
    accepted(hold(std::nullopt, room(1)));
    const Position looked = log->head();
    control->writes.close();
    std::vector<Pending> stay;
    stay.push_back(submit(to_room(room(1), user(2), JoinRoom{})));
    stay.push_back(submit(send(1, user(2), "evidence")));
    stay.push_back(submit(to_room(room(1), user(2), LeaveRoom{})));
    auto erased = submit(erasure(2, {}, looked));
    control->writes.open();
    for (Pending& command : stay) EXPECT_TRUE(command.result());
    EXPECT_TRUE(is_refused(erased.result(), Rule::is_held));
}

TEST_F(SequencerHolds, StopNobodyWhoWasNeverInTheRoom) {
    accepted(hold(std::nullopt, room(1)));
    accepted(create(2, user(2)));
    EXPECT_TRUE(run(erasure(2, {room(2)}, log->head())));
}

TEST_F(SequencerHolds, HaveAnErasureLookAgainThatHasLookedTooLongAgo) {
    const Position looked = log->head();
    accepted(hold(std::nullopt, room(1)));
    restart();
    EXPECT_TRUE(is_fault(run(erasure(2, {}, looked)), CommandFault::queue_is_full));
    EXPECT_TRUE(run(erasure(2, {}, log->head())));
}

TEST_F(SequencerHolds, StopAnExpiryThatHasLookedBefore) {
    accepted(to_room(room(1), user(2), JoinRoom{}));
    const Version said = accepted(send(1, user(2), "evidence")).version;
    accepted(to_room(room(1), user(2), LeaveRoom{}));
    const Position looked = log->head();
    control->writes.close();
    auto held = submit(hold(user(2), std::nullopt));
    auto expired = submit(expiry(said, looked));
    control->writes.open();
    EXPECT_TRUE(held.result());
    EXPECT_TRUE(is_refused(expired.result(), Rule::is_held));
    EXPECT_TRUE(run(expiry(said, log->head()))) << "of who was there then, the caller knows";
}

}  // namespace
}  // namespace verbatim::testing
