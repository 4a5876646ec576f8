#include "api/position_waiters.hpp"

#include <chrono>
#include <future>
#include <gtest/gtest.h>

namespace verbatim::api {
namespace {

using namespace std::chrono_literals;

std::future<bool> wait(
    PositionWaiters& waiters, Position wanted, std::chrono::milliseconds patience
) {
    auto reached = std::make_shared<std::promise<bool>>();
    auto future = reached->get_future();
    waiters.wait(wanted, patience, [reached](bool shown) { reached->set_value(shown); });
    return future;
}

TEST(PositionWaiters, AnswerAtOnceWhenThePositionIsShownAlready) {
    PositionWaiters waiters{Position(7)};
    EXPECT_TRUE(wait(waiters, Position(7), 1h).get());
}

TEST(PositionWaiters, AnswerWhenThePositionComesToBeShown) {
    PositionWaiters waiters{Position(0)};
    auto reached = wait(waiters, Position(2), 1h);
    waiters.advanced(Position(1));
    waiters.advanced(Position(2));
    EXPECT_TRUE(reached.get());
}

TEST(PositionWaiters, GiveUpWhenPatienceIsOver) {
    PositionWaiters waiters{Position(0)};
    EXPECT_FALSE(wait(waiters, Position(1), 1ms).get());
}

TEST(PositionWaiters, AnswerWhoeverWaitsWhenTheyEnd) {
    std::future<bool> reached;
    {
        PositionWaiters waiters{Position(0)};
        reached = wait(waiters, Position(1), 1h);
    }
    EXPECT_FALSE(reached.get());
}

}  // namespace
}  // namespace verbatim::api
