#include "protocol/rate_limits.hpp"

#include <gtest/gtest.h>
#include <set>

namespace verbatim::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RateLimits::Clock::time_point start{std::chrono::hours(1)};
constexpr auto limiter = Limiter::logins_per_address;

TEST(RateLimits, LetABurstThroughAndRefuseOneMore) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 1, .burst = 3});
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(limits.take(limiter, "192.0.2.1", start).has_value());
    const auto refused = limits.take(limiter, "192.0.2.1", start);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().status, 429);
    EXPECT_EQ(refused.error().limiter, "logins_per_address");
    EXPECT_EQ(refused.error().retry_after_seconds, 1);
}

TEST(RateLimits, GiveTokensBackAtTheirRateUpToTheBurst) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 10 / 60.0, .burst = 2});
    const auto take_at = [&](auto after) { return limits.take(limiter, "a", start + after); };
    EXPECT_TRUE(take_at(seconds(0)).has_value());
    EXPECT_TRUE(take_at(seconds(0)).has_value());
    EXPECT_EQ(take_at(seconds(0)).error().retry_after_seconds, 6);
    EXPECT_EQ(take_at(milliseconds(5'500)).error().retry_after_seconds, 1);
    EXPECT_TRUE(take_at(seconds(6)).has_value());
    EXPECT_FALSE(take_at(seconds(6)).has_value());
    EXPECT_TRUE(take_at(seconds(3'600)).has_value());
    EXPECT_TRUE(take_at(seconds(3'600)).has_value());
    EXPECT_FALSE(take_at(seconds(3'600)).has_value());
}

TEST(RateLimits, GiveNothingForATimeThatWentBack) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 1, .burst = 1});
    EXPECT_TRUE(limits.take(limiter, "a", start + seconds(10)).has_value());
    EXPECT_FALSE(limits.take(limiter, "a", start).has_value());
    EXPECT_FALSE(limits.take(limiter, "a", start + seconds(10)).has_value());
    EXPECT_TRUE(limits.take(limiter, "a", start + seconds(11)).has_value());
}

TEST(RateLimits, KeepSubjectsAndLimitersApart) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 1, .burst = 1});
    limits.set(Limiter::logins_per_username, {.per_second = 1, .burst = 1});
    EXPECT_TRUE(limits.take(limiter, "a", start).has_value());
    EXPECT_TRUE(limits.take(limiter, "b", start).has_value());
    EXPECT_TRUE(limits.take(Limiter::logins_per_username, "a", start).has_value());
    EXPECT_FALSE(limits.take(limiter, "a", start).has_value());
    EXPECT_FALSE(limits.take(limiter, "b", start).has_value());
}

TEST(RateLimits, KnowAUserByItsId) {
    RateLimits limits;
    const UserId one(Uuid{.bytes = {1}});
    const UserId other(Uuid{.bytes = {2}});
    limits.set(Limiter::messages_per_user, {.per_second = 1, .burst = 1});
    EXPECT_TRUE(limits.take_for(one, Limiter::messages_per_user, start).has_value());
    EXPECT_EQ(
        limits.take_for(one, Limiter::messages_per_user, start).error().limiter, "messages_per_user"
    );
    EXPECT_TRUE(limits.take_for(other, Limiter::messages_per_user, start).has_value());
}

TEST(RateLimits, LetEverythingThroughWhenTurnedOff) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 0, .burst = 0});
    EXPECT_FALSE(limits.take(limiter, "a", start).has_value());
    limits.turn_off();
    EXPECT_TRUE(limits.take(limiter, "a", start).has_value());
}

TEST(RateLimits, ForgetFullBucketsBeforeEmptyOnes) {
    RateLimits limits;
    limits.set(limiter, {.per_second = 1, .burst = 5});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(limits.take(limiter, "the one", start).has_value());
    // Three times as many subjects as there are buckets, each of which takes one of five.
    for (int i = 0; i < 300'000; ++i)
        ASSERT_TRUE(limits.take(limiter, std::to_string(i), start).has_value());
    EXPECT_FALSE(limits.take(limiter, "the one", start).has_value());
}

TEST(RateLimits, HaveADefaultAndANameForEachLimiter) {
    std::set<std::string_view> names;
    for (const auto each : all_limiters()) {
        EXPECT_TRUE(names.insert(name_of(each)).second) << name_of(each);
        EXPECT_GT(default_allowance(each).per_second, 0);
        EXPECT_GE(default_allowance(each).burst, 1);
        EXPECT_FALSE(name_of(each).empty());
        RateLimits limits;
        int taken = 0;
        while (limits.take(each, "a", start)) ++taken;
        EXPECT_EQ(taken, default_allowance(each).burst) << name_of(each);
    }
}

}  // namespace
}  // namespace verbatim::testing
