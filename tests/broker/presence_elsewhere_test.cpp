#include "broker/feed/presence_elsewhere.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/limits.hpp"
#include "tests/support/log_scribe.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace verbatim::feed {
namespace {

using std::chrono::milliseconds;
using testing::numbered_id;
using testing::numbered_uuid;

const Uuid one_node = numbered_uuid(1);
const Uuid other_node = numbered_uuid(2);
const auto ada = numbered_id<UserId>(3);

class OnlineElsewhere : public ::testing::Test {
protected:
    // What was told of somebody's coming and going.
    std::vector<bool> tell() {
        std::vector<bool> told;
        presence.tell(1'000'000, [&](const Presence::Change& change) {
            told.push_back(change.online);
            return std::size_t{1};
        });
        return told;
    }
    void hear(const Uuid& node, bool online) {
        elsewhere.heard(node, {.users = {{.user = ada, .online = online}}}, now);
    }
    void pass(std::int64_t ms) {
        now += milliseconds(ms);
        elsewhere.sweep(now);
    }

    Presence::Time now{std::chrono::hours(1)};
    Presence presence{{.steady = [this] { return now; }, .wall = [] { return Timestamp(1); }}};
    PresenceElsewhere elsewhere{presence};
};

TEST_F(OnlineElsewhere, LastsUntilTheNodeSaysOtherwise) {
    hear(one_node, true);
    EXPECT_TRUE(presence.is_online(ada));
    EXPECT_EQ(tell(), std::vector<bool>{true});
    hear(one_node, false);
    pass(limits::presence_grace_ms);
    EXPECT_EQ(tell(), std::vector<bool>{false});
}

TEST_F(OnlineElsewhere, IsAsLongAsAnyNodeSaysSo) {
    hear(one_node, true);
    hear(other_node, true);
    hear(one_node, true);  // renewed
    (void)tell();
    hear(one_node, false);
    pass(limits::presence_grace_ms);
    EXPECT_TRUE(tell().empty());
    hear(other_node, false);
    hear(other_node, false);  // said again: nothing
    pass(limits::presence_grace_ms);
    EXPECT_EQ(tell(), std::vector<bool>{false});
}

TEST_F(OnlineElsewhere, EndsWhereItIsNotRenewed) {
    hear(one_node, true);
    (void)tell();
    pass(bounds::presence_lease_ms - 1);
    hear(one_node, true);
    pass(bounds::presence_lease_ms - 1);
    EXPECT_TRUE(tell().empty());
    EXPECT_TRUE(presence.is_online(ada));
    pass(1);
    pass(limits::presence_grace_ms);
    EXPECT_EQ(tell(), std::vector<bool>{false});
}

TEST_F(OnlineElsewhere, AddsToTheFeedsOfThisNode) {
    presence.opened(ada);
    hear(one_node, true);
    (void)tell();
    presence.closed(ada);
    pass(limits::presence_grace_ms);
    EXPECT_TRUE(tell().empty());
    hear(one_node, false);
    pass(limits::presence_grace_ms);
    EXPECT_EQ(tell(), std::vector<bool>{false});
}

TEST_F(OnlineElsewhere, OfTooManyIsNotTakenIn) {
    PresenceSignal crowd;
    for (std::uint64_t i = 0; i < bounds::presence_users_max; ++i)
        crowd.users.push_back({.user = numbered_id<UserId>(1'000 + i), .online = true});
    elsewhere.heard(one_node, crowd, now);
    hear(one_node, true);
    EXPECT_FALSE(presence.is_online(ada));
}

}  // namespace
}  // namespace verbatim::feed
