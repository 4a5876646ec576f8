#include "broker/amqp/bell.hpp"
#include "broker/amqp/leadership.hpp"
#include "broker/amqp/publish_cursor.hpp"
#include "broker/amqp/window.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <thread>

namespace verbatim::amqp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::numbered_uuid;
using testing::TemporaryFolder;
using State = Leadership::State;

TEST(Window, ReachesWhatIsConfirmedInSequence) {
    Window window;
    for (std::uint64_t last : {10, 20, 30}) window.add(1, Position(last));
    EXPECT_EQ(window.confirm(2, false), 1u);
    EXPECT_FALSE(window.reached().has_value());
    EXPECT_EQ(window.pieces(), 3u);
    EXPECT_EQ(window.confirm(1, false), 1u);
    EXPECT_EQ(window.reached(), Position(20));
    EXPECT_EQ(window.confirm(3, true), 1u);
    EXPECT_EQ(window.reached(), Position(30));
    EXPECT_TRUE(window.empty());
}

TEST(Window, ConfirmsAllUpToATagAtOnce) {
    Window window;
    for (std::uint64_t last = 1; last <= 9; ++last) window.add(1, Position(last));
    EXPECT_EQ(window.confirm(5, false), 1u);
    EXPECT_EQ(window.confirm(7, true), 6u);
    EXPECT_EQ(window.reached(), Position(7));
    EXPECT_EQ(window.pieces(), 2u);
}

TEST(Window, HasAPieceConfirmedOnceAllOfItsMessagesAre) {
    Window window;
    window.add(3, Position(30));
    window.add(1, Position(31));
    EXPECT_EQ(window.confirm(2, true), 2u);
    EXPECT_FALSE(window.reached().has_value());
    EXPECT_EQ(window.confirm(4, false), 1u);
    EXPECT_FALSE(window.reached().has_value());
    EXPECT_EQ(window.confirm(3, false), 1u);
    EXPECT_EQ(window.reached(), Position(31));
}

TEST(Window, PassesOverTagsThatItDoesNotWaitFor) {
    Window window;
    window.add(1, Position(1));
    EXPECT_EQ(window.confirm(2, true), 0u);
    EXPECT_EQ(window.confirm(1, false), 1u);
    EXPECT_EQ(window.confirm(1, false), 0u);
    window.clear();
    window.add(1, Position(5));
    EXPECT_FALSE(window.reached().has_value());
    EXPECT_EQ(window.confirm(1, false), 1u);
    EXPECT_EQ(window.reached(), Position(5));
}

class Cursor : public ::testing::Test {
protected:
    TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "publisher";
    const Uuid epoch = numbered_uuid(1);

    [[nodiscard]] Position kept(const Uuid& of) const { return PublishCursor(file, of).position(); }
};

TEST_F(Cursor, IsWhereItWasAfterARestart) {
    EXPECT_EQ(kept(epoch), Position());
    PublishCursor cursor(file, epoch);
    ASSERT_TRUE(cursor.move_to(Position(17)).has_value());
    EXPECT_EQ(kept(epoch), Position(17));
    ASSERT_TRUE(cursor.move_to(Position(9)).has_value());
    EXPECT_EQ(kept(epoch), Position(9));
}

TEST_F(Cursor, OfAnotherLogOrDamagedIsNone) {
    ASSERT_TRUE(PublishCursor(file, epoch).move_to(Position(17)).has_value());
    EXPECT_EQ(kept(numbered_uuid(2)), Position());
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
    EXPECT_EQ(kept(epoch), Position());
    std::ofstream(file) << "verbatim-publisher/1 x 12\n";
    EXPECT_EQ(kept(epoch), Position());
}

TEST_F(Cursor, SaysThatItCannotBeKept) {
    PublishCursor cursor(folder.path() / "no-such-folder" / "publisher", epoch);
    const auto kept_there = cursor.move_to(Position(1));
    ASSERT_FALSE(kept_there.has_value());
    EXPECT_THAT(kept_there.error(), HasSubstr("no-such-folder"));
    EXPECT_EQ(cursor.position(), Position(1));
}

TEST(Bell, IsHeardOnceHoweverOftenItWasRung) {
    Bell bell;
    pollfd watched{.fd = bell.descriptor(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&watched, 1, 0), 0);
    bell.ring();
    bell.ring();
    EXPECT_EQ(::poll(&watched, 1, 0), 1);
    bell.hear();
    EXPECT_EQ(::poll(&watched, 1, 0), 0);
    bell.ring();
    EXPECT_EQ(::poll(&watched, 1, 0), 1);
}

TEST(Bell, LosesNoRingOfAnotherThread) {
    Bell bell;
    std::atomic<int> rung = 0;
    constexpr int rings = 20'000;
    std::thread ringer([&] {
        for (int i = 0; i < rings; ++i) {
            ++rung;
            bell.ring();
        }
    });
    int seen = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (seen < rings && std::chrono::steady_clock::now() < until) {
        bell.wait(std::chrono::seconds(30));
        seen = rung;
    }
    ringer.join();
    EXPECT_EQ(seen, rings);
}

class Leading : public ::testing::Test {
protected:
    std::vector<State> told;
    Leadership leadership{[this](State state) { told.push_back(state); }};
};

TEST_F(Leading, BeginsWithTheQueueOrWithoutABroker) {
    leadership.won();
    EXPECT_TRUE(leadership.leads());
    Leadership alone{[](State) {}};
    EXPECT_FALSE(alone.leads());
    alone.broker_is_away();
    EXPECT_TRUE(alone.leads());
    alone.wait_for_decision(std::chrono::minutes(1));
}

TEST_F(Leading, GoesOnWhileNobodyElseIsHeard) {
    leadership.won();
    leadership.is_held_elsewhere();  // by our own connection of before
    leadership.broker_is_away();
    EXPECT_TRUE(leadership.leads());
    EXPECT_THAT(told, ElementsAre(State::leading));
}

TEST_F(Leading, IsAskedForAgainAfterTheProcessWasStopped) {
    leadership.won();
    leadership.was_stopped();
    EXPECT_EQ(leadership.state(), State::undecided);
    leadership.won();
    EXPECT_TRUE(leadership.leads());
    leadership.was_stopped();
    leadership.broker_is_away();
    EXPECT_TRUE(leadership.leads());
    leadership.was_stopped();
    leadership.is_held_elsewhere();
    EXPECT_EQ(leadership.state(), State::standing_by);
    leadership.was_stopped();
    leadership.another_leads();
    leadership.was_stopped();
    EXPECT_TRUE(leadership.is_fenced());
}

TEST_F(Leading, EndsForGoodWhenAnotherIsHeard) {
    leadership.won();
    leadership.another_leads();
    EXPECT_TRUE(leadership.is_fenced());
    leadership.won();
    leadership.broker_is_away();
    EXPECT_TRUE(leadership.is_fenced());
    EXPECT_THAT(told, ElementsAre(State::leading, State::fenced));
}

TEST_F(Leading, IsWaitedForWhereTheQueueIsHeldInSilence) {
    leadership.is_held_elsewhere();
    EXPECT_EQ(leadership.state(), State::standing_by);
    leadership.broker_is_away();
    EXPECT_EQ(leadership.state(), State::standing_by);
    leadership.won();
    EXPECT_TRUE(leadership.leads());
}

}  // namespace
}  // namespace verbatim::amqp
