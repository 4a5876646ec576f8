#include "tests/eventstore/commands/sequencer_fixture.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

// Many users send random commands into few rooms, many at a time, while writes fail and the node is
// restarted. Whoever does not know what became of a command sends it again with the same key. In
// the end every command has its answer, and a model that knows nothing but the answers must agree
// with the log.
namespace verbatim::testing {
namespace {

// As little as one can know of a room: folded from answers, not from events.
struct ModelRoom {
    std::set<UserId> members;
    std::map<Version, UserId> messages;
    bool archived = false;

    friend bool operator==(const ModelRoom&, const ModelRoom&) = default;
};

// A command with the answers that it got so far.
struct Attempt {
    Submission submission;
    std::optional<Accepted> accepted;
    bool is_settled = false;
};

class SequencerSimulation : public SequencerTest, public ::testing::WithParamInterface<unsigned> {
protected:
    void simulate() {
        options.cached_rooms_max = 1 + pick(4);
        options.cached_messages_max = 1 + pick(20);
        options.batch_commands_max = 1 + pick(30);
        restart();
        for (int round = 0; round < 5; ++round) {
            for (int i = 0; i < 60; ++i) attempts_.push_back({random_command(), {}, false});
            fail_after(pick(30));
            try_unsettled();
            clock += static_cast<std::int64_t>(pick(2'000'000)) - 500'000;
            restart();
        }
        try_unsettled();
        for (const Attempt& attempt : attempts_) ASSERT_TRUE(attempt.is_settled);
    }

    // Each settled success once, in the order of the log.
    [[nodiscard]] std::vector<const Attempt*> successes() const {
        std::vector<const Attempt*> successes;
        for (const Attempt& attempt : attempts_)
            if (attempt.accepted && attempt.accepted->count > 0) successes.push_back(&attempt);
        std::sort(successes.begin(), successes.end(), [](const auto* left, const auto* right) {
            return left->accepted->first < right->accepted->first;
        });
        return successes;
    }

    void expect_log_holds_exactly(const std::vector<const Attempt*>& successes) {
        Position next;
        for (const Attempt* const success : successes) {
            ASSERT_EQ(success->accepted->first, next.next());
            for (std::uint16_t i = 0; i < success->accepted->count; ++i) {
                next = next.next();
                const auto event = log->read(next);
                ASSERT_TRUE(event);
                EXPECT_EQ(event->command, success->submission.id);
                EXPECT_EQ(event->stream, success->accepted->stream);
            }
            EXPECT_EQ(success->accepted->position, next);
            EXPECT_EQ(log->read(next)->version, success->accepted->version);
        }
        EXPECT_EQ(log->head(), next);
    }

    [[nodiscard]] static std::map<StreamId, ModelRoom> model_of(
        const std::vector<const Attempt*>& successes
    ) {
        std::map<StreamId, ModelRoom> rooms;
        for (const Attempt* const success : successes) {
            const auto& [submission, accepted, settled] = *success;
            ModelRoom& model = rooms[accepted->stream];
            const auto& command = std::get<RoomCommand>(submission.command);
            if (std::holds_alternative<CreateRoom>(command) ||
                std::holds_alternative<JoinRoom>(command)) {
                model.members.insert(submission.actor);
            } else if (std::holds_alternative<LeaveRoom>(command)) {
                model.members.erase(submission.actor);
                model.archived = accepted->count == 2;
            } else if (std::holds_alternative<SendMessage>(command)) {
                model.messages[accepted->version] = submission.actor;
            } else {
                model.messages.erase(std::get<DeleteMessage>(command).seq);
            }
        }
        return rooms;
    }

    [[nodiscard]] ModelRoom room_in_log(const StreamId& stream) {
        ModelRoom found;
        const Room state = in_log<Room>(stream);
        for (const auto& [user, member] : state.members) found.members.insert(user);
        found.archived = state.phase == Room::Phase::archived;
        const auto cursor = log->read_stream(stream, Version());
        for (auto event = cursor->next().value(); event; event = cursor->next().value()) {
            const auto& room_event = std::get<RoomEvent>(event->event);
            if (std::holds_alternative<MessageSent>(room_event))
                found.messages[event->version] = event->actor;
            if (const auto* const deleted = std::get_if<MessageDeleted>(&room_event))
                found.messages.erase(deleted->seq);
        }
        return found;
    }

    std::mt19937 random;

private:
    [[nodiscard]] std::size_t pick(std::size_t below) { return random() % below; }

    [[nodiscard]] Submission random_command() {
        const std::uint64_t number = pick(5);
        const UserId actor = user(pick(12));
        const std::uint64_t key = attempts_.size();
        switch (pick(8)) {
            case 0: return keyed(create(number, actor, 6), key);
            case 1:
            case 2: return keyed(to_room(room(number), actor, JoinRoom{}), key);
            case 3: return keyed(to_room(room(number), actor, LeaveRoom{}), key);
            case 4: {
                const DeleteMessage deletion{Version(pick(40))};
                return keyed(to_room(room(number), actor, deletion), key);
            }
            default: return keyed(send(number, actor), key);
        }
    }

    void fail_after(std::size_t writes) {
        control->failed_write_is_there = pick(2) == 0;
        control->writes_until_failure = static_cast<int>(writes);
    }

    // Some are sent twice at once, as impatient clients do.
    void try_unsettled() {
        std::vector<std::pair<Attempt*, Pending>> waiting;
        for (Attempt& attempt : attempts_) {
            if (attempt.is_settled) continue;
            for (std::size_t i = pick(4) == 0 ? 2 : 1; i > 0; --i)
                waiting.emplace_back(&attempt, submit(attempt.submission));
        }
        std::map<Attempt*, bool> knows_all;
        for (auto& [attempt, pending] : waiting) {
            const auto result = pending.result();
            const bool knows = result || result.error().fault == CommandFault::refused;
            knows_all.try_emplace(attempt, true).first->second &= knows;
            if (!result) continue;
            if (attempt->accepted) {
                EXPECT_EQ(attempt->accepted->position, result->position);
                EXPECT_NE(attempt->accepted->replayed && !result->replayed, true);
            }
            attempt->accepted = *result;
        }
        for (const auto& [attempt, knows] : knows_all)
            attempt->is_settled = knows || attempt->accepted.has_value();
    }

    std::vector<Attempt> attempts_;
};

TEST_P(SequencerSimulation, EndsWithALogThatAgreesWithEveryAnswer) {
    const char* const wanted = std::getenv("VERBATIM_SIMULATION_SEED");
    const unsigned seed = wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted))
                                            : std::random_device{}() + GetParam();
    std::printf("VERBATIM_SIMULATION_SEED=%u\n", seed);
    random.seed(seed);
    simulate();
    const auto happened = successes();
    expect_log_holds_exactly(happened);
    for (const auto& [stream, model] : model_of(happened)) EXPECT_EQ(room_in_log(stream), model);
}
INSTANTIATE_TEST_SUITE_P(Rounds, SequencerSimulation, ::testing::Range(0u, 25u));

}  // namespace
}  // namespace verbatim::testing
