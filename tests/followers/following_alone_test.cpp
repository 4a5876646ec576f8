#include "eventstore/event_log.hpp"
#include "tests/followers/cluster.hpp"

#include <gmock/gmock.h>

// Followers, each with a leader of its own, because something happens to one of them.
namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;

void copy_data(const Cluster& cluster, const std::string& from, const std::string& to) {
    std::filesystem::copy(
        cluster.path(from), cluster.path(to), std::filesystem::copy_options::recursive
    );
}

TEST(FollowerAlone, ServesQueriesAndFeedsWhileItsLeaderIsAway) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    const std::string room = ada.create_room();
    ServerProcess& follower = cluster.follow("follower");
    auto feed = feed_at(follower, ada, "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));

    cluster.leader().kill9();
    EXPECT_TRUE(comes_true([&] { return readiness(follower)["commands"] == "leader_away"; }));
    const auto refused = say_at(follower, ada, room, "nobody decides");
    EXPECT_TRUE(is_problem(refused, 503, "not_taking_commands"));
    EXPECT_EQ(refused.json()["reason"], "leader_away");
    EXPECT_NE(refused.header("retry-after"), "");
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 200);
    follower.kill9();
    follower.start();  // from what it has
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 200);

    cluster.restart_leader();
    EXPECT_TRUE(comes_true([&] { return say_at(follower, ada, room, "back").status == 201; }));
}

TEST(FollowerAlone, ServesNothingOnceItsLogAndTheLeadersDiffer) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    const std::string room = ada.create_room();
    EXPECT_EQ(cluster.leader().terminate(), 0);
    copy_data(cluster, "leader", "older");
    cluster.restart_leader();
    ServerProcess& follower = cluster.follow("follower");
    ASSERT_EQ(say_at(follower, ada, room, "copied").status, 201);
    cluster.leader().kill9();

    // Another past, of the same epoch and the same length.
    ServerProcess other(
        {.binary = server_binary(),
         .data = cluster.path("older"),
         .arguments = cluster.leader().options().arguments}
    );
    ASSERT_EQ(say_at(other, ada, room, "something else").status, 201);
    auto feed = feed_at(follower, ada, "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));
    cluster.to_leader().aim(other.http_port());
    EXPECT_NE(feed.close_code(), 0u);
    EXPECT_TRUE(comes_true([&] { return ask_once(follower, "GET", "/readyz").status == 503; }));
    const auto refused = ask_once(follower, "GET", "/readyz");
    EXPECT_EQ(refused.json()["reason"], "log_diverged") << refused.body;
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 503);
    EXPECT_THAT(follower.standard_error(), HasSubstr("not repaired"));
}

TEST(FollowerAlone, RefusesALeaderThatHasLostItsEnd) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    const std::string room = ada.create_room();
    EXPECT_EQ(cluster.leader().terminate(), 0);
    copy_data(cluster, "leader", "older");
    cluster.restart_leader();
    ServerProcess& follower = cluster.follow("follower");
    ASSERT_EQ(say_at(follower, ada, room, "copied").status, 201);
    cluster.leader().kill9();
    ServerProcess other(
        {.binary = server_binary(),
         .data = cluster.path("older"),
         .arguments = cluster.leader().options().arguments}
    );
    cluster.to_leader().aim(other.http_port());
    EXPECT_TRUE(comes_true([&] {
        const auto answer = ask_once(follower, "GET", "/readyz");
        return answer.status == 503 && answer.json()["reason"] == "leader_behind";
    }));
}

TEST(FollowerAlone, DoesNotStartOnACopyOfAnotherLog) {
    Cluster cluster;
    ServerProcess& follower = cluster.follow("follower");
    EXPECT_EQ(follower.terminate(), 0);
    const ServerProcess other(
        {.binary = server_binary(),
         .data = cluster.path("other"),
         .arguments = cluster.leader().options().arguments}
    );
    cluster.to_leader().aim(other.http_port());
    const Finished refused = run_follower(cluster, "follower");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("another epoch"));
}

TEST(FollowerAlone, StartsFromACopyOfTheLeadersDataAndNeverLeadsWithIt) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    const std::string room = ada.create_room();
    EXPECT_EQ(cluster.leader().terminate(), 0);
    copy_data(cluster, "leader", "copied");
    cluster.restart_leader();
    ServerProcess& follower = cluster.follow("copied");
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 200);
    EXPECT_EQ(say_at(follower, ada, room, "goes on").status, 201);
    EXPECT_EQ(follower.terminate(), 0);
    const Finished refused = run_to_end(
        {.binary = server_binary(),
         .arguments =
             {"serve",
              "--data",
              cluster.path("copied").string(),
              "--http-port",
              "0",
              "--feed-port",
              "0"},
         .environment = {}}
    );
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("verbatim follow"));
}

TEST(FollowerAlone, ForgetsWhatWasForgottenWhileItWasAway) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    Person bea(cluster.leader(), "bea");
    const std::string room = ada.create_room();
    ASSERT_EQ(bea.post("/rooms/" + room + "/join").status, 200);
    const auto sent = say_at(cluster.leader(), bea, room, "to be forgotten");
    ASSERT_EQ(sent.status, 201) << sent.body;
    ServerProcess& follower = cluster.follow("follower");
    const std::string path = messages_of(room) + "/" + std::to_string(sent.room_seq());
    EXPECT_EQ(ask(follower, ada, "GET", path).json()["text"], "to be forgotten");
    EXPECT_EQ(follower.terminate(), 0);

    const auto erased =
        ask(cluster.leader(), bea, "DELETE", "/users/me", {{"password", Person::usual_password}});
    ASSERT_LT(erased.status, 300) << erased.body;
    follower.start();
    EXPECT_TRUE(comes_true([&] {
        return readiness(follower)["log_position"] == readiness(cluster.leader())["log_position"];
    }));
    EXPECT_TRUE(comes_true([&] { return ask(follower, ada, "GET", path).json()["text"].is_null(); })
    );
    EXPECT_EQ(follower.terminate(), 0);
    const auto log = open_rocks_event_log(
        (cluster.path("follower") / "log").string(), [](std::span<std::uint8_t>) {}, LogOrigin{}
    );
    ASSERT_TRUE(log.has_value()) << describe(log.error());
    const auto stored = (*log)->read_stored(Position(sent.position())).value();
    ASSERT_EQ(stored.contents.size(), 1u);
    EXPECT_FALSE(stored.contents.front().has_value());
}

TEST(FollowerAlone, SaysWhyItCannotFollow) {
    Cluster cluster;
    EXPECT_EQ(cluster.leader().terminate(), 0);
    const Finished away = run_follower(cluster, "new");
    EXPECT_EQ(away.exit_code, 1);
    EXPECT_THAT(away.standard_error, HasSubstr("cannot follow http://127.0.0.1:"));
    const Finished nameless =
        run_to_end({.binary = server_binary(), .arguments = {"follow"}, .environment = {}});
    EXPECT_NE(nameless.exit_code, 0);
    EXPECT_THAT(nameless.standard_error, HasSubstr("--leader"));
}

}  // namespace
}  // namespace verbatim::testing
