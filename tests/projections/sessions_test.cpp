#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto first = numbered_id<SessionId>(11);
const auto second = numbered_id<SessionId>(12);

SessionOpened opened(const SessionId& session) {
    return {.session = session, .address = "::1", .agent = std::nullopt, .refresh_hash = "r"};
}

TEST(Sessions, ShowsAnOpenOne) {
    Story story;
    const auto event = story.account(alice, opened(first));
    const auto row = story.views().sessions().session(first).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->session, first);
    EXPECT_EQ(row->user, alice);
    EXPECT_EQ(row->opened_at, event.at);
    EXPECT_EQ(row->refreshed_at, event.at);
    EXPECT_EQ(row->address, "::1");
    EXPECT_EQ(row->agent, std::nullopt);
}

TEST(Sessions, ShowsWhenOneWasRefreshed) {
    Story story;
    const auto opening = story.account(alice, opened(first));
    const auto refresh =
        story.account(alice, SessionRefreshed{.session = first, .refresh_hash = "s"});
    const auto row = story.views().sessions().session(first).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->opened_at, opening.at);
    EXPECT_EQ(row->refreshed_at, refresh.at);
}

TEST(Sessions, ForgetsAClosedOne) {
    Story story;
    story.account(alice, opened(first));
    story.account(alice, opened(second));
    story.account(bob, opened(numbered_id<SessionId>(13)));
    story.account(alice, SessionClosed{first, SessionEnd::logged_out});

    EXPECT_FALSE(story.views().sessions().session(first).value());
    const auto left = story.views().sessions().of_user(alice).value();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left.front().session, second);
    EXPECT_EQ(story.views().sessions().of_user(bob).value().size(), 1U);
}

TEST(Sessions, StaysClosedWhenRefreshedAfterwards) {
    Story story;
    story.account(alice, opened(first));
    story.account(alice, SessionClosed{first, SessionEnd::revoked});
    story.account(alice, SessionRefreshed{.session = first, .refresh_hash = "s"});
    EXPECT_FALSE(story.views().sessions().session(first).value());
}

}  // namespace
}  // namespace verbatim::testing
