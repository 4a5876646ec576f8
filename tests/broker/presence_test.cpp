#include "broker/feed/presence.hpp"

#include "domain/limits.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace verbatim::feed {
namespace {

using std::chrono::milliseconds;

UserId user(std::uint8_t number) {
    return UserId(Uuid{.bytes = {2, number}});
}

class PresenceTest : public ::testing::Test {
protected:
    void pass(std::int64_t ms) { now += milliseconds(ms); }
    std::vector<Presence::Change> tell(std::size_t max = 1'000'000) {
        std::vector<Presence::Change> told;
        presence.tell(max, [&](const Presence::Change& change) {
            told.push_back(change);
            return std::size_t{10};
        });
        return told;
    }

    Presence::Time now{std::chrono::hours(1)};
    Presence presence{
        {.steady = [this] { return now; },
         .wall =
             [this] {
                 const auto since =
                     std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
                 return Timestamp(since.count());
             }}};
};

TEST_F(PresenceTest, TellsWhoCameAndWhen) {
    presence.opened(user(1));
    EXPECT_TRUE(presence.is_online(user(1)));
    EXPECT_FALSE(presence.is_online(user(2)));
    const auto told = tell();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].user, user(1));
    EXPECT_TRUE(told[0].online);
    EXPECT_EQ(told[0].last_seen_at, Timestamp(3'600'000'000));
    presence.opened(user(1));
    EXPECT_TRUE(tell().empty());
}

TEST_F(PresenceTest, LastsForTheGraceAfterTheLastFeedClosed) {
    presence.opened(user(1));
    presence.opened(user(1));
    (void)tell();
    presence.closed(user(1));
    pass(limits::presence_grace_ms);
    EXPECT_TRUE(tell().empty());
    presence.closed(user(1));
    pass(limits::presence_grace_ms - 1);
    EXPECT_TRUE(tell().empty());
    EXPECT_TRUE(presence.is_online(user(1)));
    pass(1);
    const auto told = tell();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_FALSE(told[0].online);
    EXPECT_EQ(told[0].last_seen_at, Timestamp((3'600'000 + limits::presence_grace_ms) * 1'000));
    EXPECT_FALSE(presence.is_online(user(1)));
}

TEST_F(PresenceTest, SaysNothingOfWhoReconnectsWithinTheGrace) {
    presence.opened(user(1));
    (void)tell();
    for (int i = 0; i < 10; ++i) {
        presence.closed(user(1));
        pass(limits::presence_grace_ms - 1);
        EXPECT_TRUE(tell().empty());
        presence.opened(user(1));
        EXPECT_TRUE(tell().empty());
    }
}

TEST_F(PresenceTest, TellsSomeAtATimeInTheirOrder) {
    for (std::uint8_t i = 0; i < 20; ++i) presence.opened(user(i));
    for (std::uint8_t i = 0; i < 20; i = static_cast<std::uint8_t>(i + 5)) {
        const auto told = tell(50);
        ASSERT_EQ(told.size(), 5u);
        for (std::uint8_t j = 0; j < 5; ++j)
            EXPECT_EQ(told[j].user, user(static_cast<std::uint8_t>(i + j)));
    }
    EXPECT_TRUE(tell().empty());
}

TEST_F(PresenceTest, SaysNothingOfWhoWentAndCameBeforeItWasTold) {
    presence.opened(user(1));
    presence.closed(user(1));
    presence.opened(user(2));
    (void)tell(1);
    pass(limits::presence_grace_ms);
    presence.closed(user(2));
    const auto told = tell();  // user 1 has gone; user 2, who came meanwhile, has a grace
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].user, user(2));
    EXPECT_TRUE(told[0].online);
    EXPECT_FALSE(told[1].online);
}

TEST_F(PresenceTest, MayBeChangedWhileItTells) {
    presence.opened(user(1));
    presence.opened(user(2));
    int told = 0;
    presence.tell(100, [&](const Presence::Change& change) {
        if (change.user == user(1)) presence.closed(user(2));
        return ++told, std::size_t{1};
    });
    EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace verbatim::feed
