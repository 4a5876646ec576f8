#include "eventstore/forgetting.hpp"
#include "tests/eventstore/commands/sequencer_fixture.hpp"

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

}  // namespace
}  // namespace verbatim::testing
