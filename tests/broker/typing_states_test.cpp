#include "broker/feed/typing_states.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/limits.hpp"

#include <gtest/gtest.h>

namespace verbatim::feed {
namespace {

using std::chrono::milliseconds;

RoomId room(std::uint8_t number) {
    return RoomId(Uuid{.bytes = {1, number}});
}
UserId user(std::uint8_t number) {
    return UserId(Uuid{.bytes = {2, number}});
}

class TypingStatesTest : public ::testing::Test {
protected:
    // Milliseconds after some beginning.
    static TypingStates::Time at(std::int64_t ms) {
        return TypingStates::Time(std::chrono::hours(1) + milliseconds(ms));
    }
    std::optional<bool> says(bool typing, std::int64_t ms) {
        return states.said(room(1), user(1), typing, at(ms));
    }

    TypingStates states;
};

TEST_F(TypingStatesTest, TellsTheBeginningOnceAndTheEndOnce) {
    EXPECT_EQ(says(true, 0), true);
    EXPECT_EQ(says(true, 200), std::nullopt);
    EXPECT_EQ(says(false, 400), false);
    EXPECT_EQ(says(false, 600), std::nullopt);
}

TEST_F(TypingStatesTest, EndsByItselfWhenItIsNotRenewed) {
    ASSERT_EQ(says(true, 0), true);
    EXPECT_TRUE(states.advance(at(limits::typing_ms - 1)).empty());
    const auto told = states.advance(at(limits::typing_ms));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].room, room(1));
    EXPECT_EQ(told[0].user, user(1));
    EXPECT_FALSE(told[0].typing);
    EXPECT_TRUE(states.empty());
}

TEST_F(TypingStatesTest, GoesOnWhileItIsRenewedAndIsToldAgainNowAndThen) {
    ASSERT_EQ(says(true, 0), true);
    int told = 0;
    for (std::int64_t ms = 200; ms <= 30'000; ms += 200) {
        told += says(true, ms) == std::optional(true);
        EXPECT_TRUE(states.advance(at(ms)).empty());
    }
    EXPECT_EQ(told, 30'000 / bounds::typing_renewal_ms);
    EXPECT_TRUE(states.advance(at(30'000 + limits::typing_ms - 1)).empty());
    EXPECT_EQ(states.advance(at(30'000 + limits::typing_ms)).size(), 1u);
}

TEST_F(TypingStatesTest, EndsWithAMessageOrALeaving) {
    EXPECT_FALSE(states.ended(room(1), user(1)));
    ASSERT_EQ(says(true, 0), true);
    EXPECT_FALSE(states.ended(room(1), user(2)));
    EXPECT_FALSE(states.ended(room(2), user(1)));
    EXPECT_TRUE(states.ended(room(1), user(1)));
    EXPECT_FALSE(states.ended(room(1), user(1)));
    EXPECT_TRUE(states.advance(at(limits::typing_ms)).empty());
}

TEST_F(TypingStatesTest, PutsOffABeginningThatFollowsTheLastTooSoon) {
    ASSERT_EQ(says(true, 0), true);
    ASSERT_EQ(says(false, 100), false);
    EXPECT_EQ(says(true, 200), std::nullopt);
    EXPECT_TRUE(states.advance(at(bounds::typing_again_ms - 1)).empty());
    const auto told = states.advance(at(bounds::typing_again_ms));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_TRUE(told[0].typing);
}

TEST_F(TypingStatesTest, BoundsWhatAStormCostsToOneRoom) {
    int told = 0;
    for (std::int64_t ms = 0; ms < 10'000; ms += 100) {
        for (int i = 0; i < 250; ++i) {
            const bool typing = (ms / 100 + i) % 2 == 0;
            const auto news =
                states.said(room(1), user(static_cast<std::uint8_t>(i)), typing, at(ms));
            told += news.has_value();
        }
        if (ms % 1'000 == 0) told += static_cast<int>(states.advance(at(ms)).size());
    }
    EXPECT_GT(told, 0);
    EXPECT_LE(told, 2 * static_cast<int>(limits::typing_users_per_room_max) * 10);
}

TEST_F(TypingStatesTest, ForgetsWhoDoesNotType) {
    for (int i = 0; i < 200; ++i)
        (void)states.said(room(static_cast<std::uint8_t>(i)), user(1), true, at(0));
    EXPECT_EQ(states.advance(at(limits::typing_ms)).size(), 200u);
    EXPECT_TRUE(states.empty());
}

}  // namespace
}  // namespace verbatim::feed
