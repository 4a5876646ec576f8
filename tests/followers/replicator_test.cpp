#include "broker/amqp/replicator.hpp"

#include "eventstore/log_keys.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/moments.hpp"

#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

const RoomId harbour = numbered_id<RoomId>(100);
const UserId ada = numbered_id<UserId>(1);
const Uuid epoch = numbered_uuid(7);
const Uuid instance = numbered_uuid(70);
const Timestamp creation{1'767'268'800'000'000};

std::unique_ptr<EventLog> log_of(const LogOrigin& origin) {
    return open_memory_event_log(counted_bytes(), origin).value();
}

// Remembers what a follower's doors are told.
class Told final : public CommitListener {
public:
    void project(const std::shared_ptr<const CommittedBatch>& batch) override {
        const std::lock_guard lock(mutex_);
        for (const RecordedEvent& event : batch->events) projected_.push_back(event.position);
    }
    void note(const std::vector<ReadNoteChange>&) override {}
    void forget(const Forgotten&) override {}
    void announce(const std::shared_ptr<const CommittedBatch>& batch) override {
        const std::lock_guard lock(mutex_);
        for (const RecordedEvent& event : batch->events) announced_.push_back(event.position);
    }
    // Each position once, in order, from `first` on.
    [[nodiscard]] bool were_told_in_order(Position first, Position last) const {
        const std::lock_guard lock(mutex_);
        std::vector<Position> expected;
        for (Position at = first; at <= last; at = at.next()) expected.push_back(at);
        return projected_ == expected && announced_ == expected;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Position> projected_;
    std::vector<Position> announced_;
};

class ReplicatorOf : public ::testing::Test {
protected:
    void SetUp() override {
        say(3);
        options.poll_interval = std::chrono::hours(1);
        options.silent_poll_interval = std::chrono::hours(1);
        options.away_poll_interval = std::chrono::milliseconds(1);
        options.newest_format = log_format;
        options.fetch = [this](Position after) { return fetch(after); };
        options.refused = [this](const FollowState&) { ++refusals; };
    }
    void TearDown() override { replicator.reset(); }

    void start() {
        replicator = std::make_unique<Replicator>(*copy, told, options);
        replicator->start();
    }
    void say(int count) {
        LogScribe scribe(*original);
        for (int i = 0; i < count; ++i) scribe.write(stream_of(harbour), ada, {sent("x")});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    [[nodiscard]] Delivery piece(std::uint64_t after, std::size_t events_max) const {
        return gather_delivery(
                   *original,
                   instance,
                   Position(after),
                   {.events_max = events_max, .bytes_max = 1u << 20}
        )
            .value();
    }
    Expected<Delivery, FetchError> fetch(Position after) {
        ++fetches;
        if (is_away) return failure(FetchError{FetchFault::leader_away, "nobody listens"});
        return changed(piece(std::min(after, original->head()).value(), 2));
    }
    [[nodiscard]] Delivery changed(Delivery delivery) const {
        if (change) change(delivery);
        return delivery;
    }
    [[nodiscard]] bool follows() {
        return comes_true([&] { return copy->head() == original->head(); }) &&
               copy->tree_head() == original->tree_head();
    }
    [[nodiscard]] std::string refusal() {
        EXPECT_TRUE(comes_true([&] {
            return replicator->state().phase == FollowState::Phase::refused;
        }));
        return replicator->state().reason;
    }

    const LogOrigin origin{.epoch = epoch, .created_at = creation};
    std::unique_ptr<EventLog> original = log_of(origin);
    std::unique_ptr<EventLog> copy =
        log_of({.epoch = epoch, .created_at = creation, .is_replica = true});
    Told told;
    Replicator::Options options;
    std::function<void(Delivery&)> change;
    std::atomic<bool> is_away{false};
    std::atomic<int> fetches{0};
    std::atomic<int> refusals{0};
    std::unique_ptr<Replicator> replicator;
};

TEST_F(ReplicatorOf, FetchesWhatThereIsWhenItStarts) {
    start();
    EXPECT_TRUE(follows());
    EXPECT_TRUE(comes_true([&] { return told.were_told_in_order(Position(1), Position(3)); }));
    EXPECT_EQ(replicator->state().leader_head, Position(3));
}

TEST_F(ReplicatorOf, KnowsWhenItsLeaderWasAskedLast) {
    start();
    EXPECT_TRUE(follows());
    const auto now = std::chrono::steady_clock::now();
    replicator->look_now();
    EXPECT_TRUE(comes_true([&] { return replicator->state().asked_at >= now; }));
    const auto answered = replicator->state().asked_at;
    is_away = true;
    replicator->look_now();
    EXPECT_TRUE(comes_true([&] {
        return replicator->state().phase == FollowState::Phase::leader_away;
    }));
    EXPECT_EQ(replicator->state().asked_at, answered) << "that one was not answered";
}

TEST_F(ReplicatorOf, CopiesBeforeItIsServedWithoutTellingAnybody) {
    Replicator before(*copy, told, options);
    std::vector<Position> done;
    EXPECT_TRUE(before.bootstrap([&](Position at, Position) {
        done.push_back(at);
        return true;
    }));
    EXPECT_EQ(done, (std::vector{Position(2), Position(3)}));
    EXPECT_EQ(copy->tree_head(), original->tree_head());
    EXPECT_TRUE(told.were_told_in_order(Position(2), Position(1)));  // nothing
}

TEST_F(ReplicatorOf, EndsCopyingWhenItIsAskedTo) {
    Replicator before(*copy, told, options);
    EXPECT_FALSE(before.bootstrap([](Position, Position) { return false; }));
    EXPECT_EQ(copy->head(), Position(2));
}

TEST_F(ReplicatorOf, TakesDeliveriesAsTheyComeWithoutAskingTheLeader) {
    start();
    ASSERT_TRUE(follows());
    const int asked = fetches;
    say(2);
    replicator->deliver(piece(3, 1));
    replicator->deliver(piece(4, 1));
    EXPECT_TRUE(follows());
    EXPECT_TRUE(comes_true([&] { return told.were_told_in_order(Position(1), Position(5)); }));
    EXPECT_EQ(fetches, asked);
}

TEST_F(ReplicatorOf, DropsWhatItHasAndTakesTheRestOfADelivery) {
    start();
    ASSERT_TRUE(follows());
    const int asked = fetches;
    say(2);
    replicator->deliver(piece(0, 3));
    replicator->deliver(piece(1, 4));
    replicator->deliver(piece(1, 4));
    EXPECT_TRUE(follows());
    EXPECT_TRUE(comes_true([&] { return told.were_told_in_order(Position(1), Position(5)); }));
    EXPECT_EQ(fetches, asked);
}

TEST_F(ReplicatorOf, FetchesWhatTheBrokerDidNotBring) {
    start();
    ASSERT_TRUE(follows());
    say(5);
    replicator->deliver(piece(7, 1));  // 4 to 7 were lost
    EXPECT_TRUE(follows());
    EXPECT_TRUE(comes_true([&] { return told.were_told_in_order(Position(1), Position(8)); }));
}

TEST_F(ReplicatorOf, FetchesWhenADoorbellRings) {
    start();
    ASSERT_TRUE(follows());
    say(5);
    Delivery bell = piece(3, 0);
    ASSERT_TRUE(bell.events.empty());
    replicator->deliver(std::move(bell));
    EXPECT_TRUE(follows());
}

TEST_F(ReplicatorOf, GoesOnWhenItsLeaderIsBack) {
    is_away = true;
    start();
    EXPECT_TRUE(comes_true([&] {
        return replicator->state().phase == FollowState::Phase::leader_away;
    }));
    is_away = false;
    EXPECT_TRUE(follows());
    EXPECT_EQ(replicator->state().phase, FollowState::Phase::following);
}

TEST_F(ReplicatorOf, DoesNotFollowAProcessBesideTheOneThatSpeaks) {
    start();
    ASSERT_TRUE(follows());
    say(1);
    Delivery other = piece(4, 0);
    other.instance = numbered_uuid(71);
    replicator->deliver(std::move(other));
    replicator->look_now();
    EXPECT_TRUE(comes_true([&] {
        return replicator->state().phase == FollowState::Phase::leader_away;
    }));
    EXPECT_EQ(copy->head(), Position(3));
}

TEST_F(ReplicatorOf, RefusesALeaderThatNewerBuildsRead) {
    change = [](Delivery& delivery) { delivery.min_reader = log_format + 1; };
    start();
    EXPECT_EQ(refusal(), "written_by_newer_build");
    EXPECT_EQ(copy->head(), Position());
    EXPECT_TRUE(comes_true([&] { return refusals == 1; }));
}

TEST_F(ReplicatorOf, RefusesAnotherEpoch) {
    change = [](Delivery& delivery) { delivery.epoch = numbered_uuid(8); };
    start();
    EXPECT_EQ(refusal(), "another_epoch");
    EXPECT_EQ(copy->head(), Position());
}

TEST_F(ReplicatorOf, RefusesAnotherTree) {
    start();
    ASSERT_TRUE(follows());
    Delivery heartbeat = piece(3, 0);
    heartbeat.root_before.front() ^= 1;
    replicator->deliver(std::move(heartbeat));
    EXPECT_EQ(refusal(), "log_diverged");
}

TEST_F(ReplicatorOf, RefusesARecordThatIsNotWhatItWas) {
    change = [](Delivery& delivery) {
        if (!delivery.events.empty()) delivery.events.front().record[40] ^= 1;
    };
    start();
    EXPECT_EQ(refusal(), "corrupt_record");
    EXPECT_EQ(copy->head(), Position());
}

TEST_F(ReplicatorOf, RefusesALeaderWhoseLogIsShorter) {
    start();
    ASSERT_TRUE(follows());
    original = log_of(origin);
    say(2);
    replicator->look_now();
    EXPECT_EQ(refusal(), "leader_behind");
    EXPECT_EQ(copy->head(), Position(3));
}

TEST_F(ReplicatorOf, WaitsForRoomOnTheDisk) {
    std::atomic<bool> has_room{false};
    options.has_room = [&] { return has_room.load(); };
    options.silent_poll_interval = std::chrono::milliseconds(1);
    start();
    EXPECT_TRUE(comes_true([&] { return fetches > 3; }));
    EXPECT_EQ(copy->head(), Position());
    has_room = true;
    EXPECT_TRUE(follows());
}

}  // namespace
}  // namespace verbatim::testing
