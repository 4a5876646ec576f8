#include "eventstore/event_log.hpp"
#include "tests/followers/cluster.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string messages_of(const std::string& room) {
    return "/rooms/" + room + "/messages";
}
HttpAnswer say_at(
    const ServerProcess& node, const Person& who, const std::string& room, const std::string& text
) {
    return ask(node, who, "POST", messages_of(room), {{"text", text}});
}
json readiness(const ServerProcess& node) {
    return ask_once(node, "GET", "/readyz").json();
}

// One leader and one follower without a broker, for all tests of the suite.
class Follower : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared() = std::make_unique<Shared>(); }
    static void TearDownTestSuite() { shared().reset(); }

    static Cluster& cluster() { return shared()->cluster; }
    static ServerProcess& leader() { return cluster().leader(); }
    static ServerProcess& follower() { return *shared()->follower; }
    static Person& ada() { return *shared()->ada; }
    static Person& bea() { return *shared()->bea; }

    // A room of both, which the follower shows.
    static std::string room_of_two() {
        const std::string room = ada().create_room();
        const auto joined = bea().post("/rooms/" + room + "/join");
        EXPECT_EQ(joined.status, 200);
        EXPECT_EQ(ask_at(follower(), bea(), joined.position(), "/rooms/" + room).status, 200);
        return room;
    }

private:
    struct Shared {
        Cluster cluster;
        std::unique_ptr<Person> ada = std::make_unique<Person>(cluster.leader(), "ada");
        std::unique_ptr<Person> bea = std::make_unique<Person>(cluster.leader(), "bea");
        std::string room = ada->create_room({{"alias", "harbour"}});
        std::uint64_t seq = ada->say(room, "before anybody followed");
        ServerProcess* follower = &cluster.follow("follower");
    };
    static std::unique_ptr<Shared>& shared() {
        static std::unique_ptr<Shared> instance;
        return instance;
    }
};

TEST_F(Follower, AnswersQueriesAsItsLeaderDoes) {
    const std::string room = room_of_two();
    ada().say(room, "needles in haystacks");
    const auto last = bea().post(messages_of(room), {{"text", "and @ada finds them"}});
    const std::vector<std::string> paths = {
        messages_of(room),
        "/rooms/" + room,
        "/rooms/" + room + "/members",
        "/rooms?scope=mine",
        "/aliases/harbour",
        "/users/" + bea().id(),
        "/users/me",
        "/sessions",
        "/messages",
        "/rooms/" + room + "/events"};
    for (const std::string& path : paths) {
        const auto here = ask(leader(), ada(), "GET", path);
        const auto there = ask_at(follower(), ada(), last.position(), path);
        EXPECT_EQ(there.status, 200) << path << there.body;
        EXPECT_EQ(there.body, here.body) << path;
    }
    const auto found = ask_at(follower(), ada(), last.position(), "/search?q=haystacks");
    ASSERT_EQ(found.json()["items"].size(), 1u) << found.body;
}

TEST_F(Follower, ShowsWhoWroteThroughItWhatWasWritten) {
    const std::string room = room_of_two();
    const auto sent = say_at(follower(), ada(), room, "through the follower");
    ASSERT_EQ(sent.status, 201) << sent.body;
    EXPECT_EQ(sent.json()["text"], "through the follower");
    const auto path = messages_of(room) + "/" + std::to_string(sent.room_seq());
    const auto shown = ask(follower(), ada(), "GET", path);
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_EQ(shown.json()["text"], "through the follower");
    EXPECT_EQ(ask(leader(), ada(), "GET", path).body, shown.body);
}

TEST_F(Follower, HandsOverKeysAndConditions) {
    const std::string room = room_of_two();
    const Headers key = {{"Idempotency-Key", "once"}};
    const json body = {{"text", "once"}};
    const auto first = ask(follower(), ada(), "POST", messages_of(room), body, key);
    const auto again = ask(leader(), ada(), "POST", messages_of(room), body, key);
    EXPECT_EQ(again.header("idempotency-replayed"), "true") << again.body;
    EXPECT_EQ(again.position(), first.position());
    const auto late = ask(
        follower(), ada(), "POST", messages_of(room), {{"text", "late"}}, {{"If-Match", "\"1\""}}
    );
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(late.code(), "room_has_moved_on");
    const auto refused = ask(follower(), bea(), "DELETE", "/rooms/" + room);
    EXPECT_EQ(refused.status, 403) << refused.body;
}

TEST_F(Follower, TakesUpAccountsAndSessionsThatBeganThroughIt) {
    Person cleo(follower(), "cleo");
    EXPECT_EQ(cleo.get("/users/me").json()["username"], "cleo");
    EXPECT_EQ(ask(leader(), cleo, "GET", "/users/me").status, 200);
    const auto closed = cleo.del("/sessions/current");
    ASSERT_EQ(closed.status, 204);
    EXPECT_EQ(cleo.get("/users/me").status, 401);
}

TEST_F(Follower, EndsASessionThatEndedAtTheLeader) {
    Person dora(leader(), "dora");
    EXPECT_TRUE(comes_true([&] { return ask(follower(), dora, "GET", "/users/me").status == 200; })
    );
    auto feed = feed_at(follower(), dora);
    ASSERT_TRUE(feed.read_until("caught_up"));
    const auto closed = dora.del("/sessions/current");
    ASSERT_EQ(closed.status, 204);
    EXPECT_EQ(feed.close_code(), 4401u);
    EXPECT_EQ(ask(follower(), dora, "GET", "/users/me").status, 401);
}

TEST_F(Follower, FeedsWhatIsSaidAtTheLeader) {
    const std::string room = room_of_two();
    auto feed = feed_at(follower(), bea(), "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));
    const std::uint64_t seq = ada().say(room, "hear, hear");
    const auto heard = feed.read_until("event");
    ASSERT_TRUE(heard);
    EXPECT_EQ((*heard)["event"]["room_seq"], seq);
    EXPECT_EQ((*heard)["event"]["data"]["text"], "hear, hear");
}

TEST_F(Follower, TakesFramesAndAnswersThem) {
    const std::string room = room_of_two();
    auto feed = feed_at(follower(), ada(), "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));
    feed.send({{"type", "send"}, {"ref", 1}, {"room_id", room}, {"text", "from a feed"}});
    bool was_acknowledged = false;
    bool was_heard = false;
    while (!was_acknowledged || !was_heard) {
        const auto frame = feed.read();
        ASSERT_TRUE(frame);
        const std::string type = (*frame)["type"];
        ASSERT_NE(type, "problem") << *frame;
        if (type == "event") was_heard = (*frame)["event"]["data"]["text"] == "from a feed";
        if (type != "ack") continue;
        was_acknowledged = (*frame)["ref"] == 1;
        EXPECT_EQ(
            ask(follower(), ada(), "GET", messages_of(room) + "?limit=1")
                .json()["items"][0]["position"],
            (*frame)["position"]
        );
    }
    feed.send({{"type", "read"}, {"ref", 2}, {"room_id", room}, {"up_to", 9'999}});
    const auto refused = feed.read_until("problem");
    ASSERT_TRUE(refused);
    EXPECT_EQ((*refused)["ref"], 2);
    EXPECT_EQ((*refused)["problem"]["status"], 422) << *refused;
}

TEST_F(Follower, KeepsTheOrderOfAFeedsFrames) {
    const std::string room = room_of_two();
    auto feed = feed_at(follower(), ada(), "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));
    constexpr int count = 20;
    for (int i = 0; i < count; ++i)
        feed.send({{"type", "send"}, {"ref", i}, {"room_id", room}, {"text", std::to_string(i)}});
    for (int i = 0; i < count;) {
        const auto frame = feed.read_until("event");
        ASSERT_TRUE(frame);
        EXPECT_EQ((*frame)["event"]["data"]["text"], std::to_string(i++));
    }
}

TEST_F(Follower, GoesOnFromACursorOfTheLeader) {
    const std::string room = room_of_two();
    auto at_leader = feed_at(leader(), bea(), "room=" + room);
    const auto welcome = at_leader.read_until("welcome");
    ASSERT_TRUE(welcome);
    ASSERT_TRUE(at_leader.read_until("caught_up"));
    ada().say(room, "one");
    const auto first = at_leader.read_until("event");
    ASSERT_TRUE(first);
    ada().say(room, "two");
    ada().say(room, "three");
    auto moved = feed_at(
        follower(),
        bea(),
        "room=" + room + "&after=" + (*first)["event"]["position"].dump() +
            "&epoch=" + (*welcome)["epoch"].get<std::string>()
    );
    for (const char* const text : {"two", "three"}) {
        const auto next = moved.read_until("event");
        ASSERT_TRUE(next);
        EXPECT_EQ((*next)["event"]["data"]["text"], text);
    }
}

TEST_F(Follower, BringsAFileFromTheLeaderWhenItIsAskedForIt) {
    const std::string room = room_of_two();
    const std::string bytes = "the bytes of a file";
    const auto uploaded = ask_once(
        follower(),
        "POST",
        "/api/v1/uploads",
        {{"Authorization", "Bearer " + ada().token()},
         {"Tus-Resumable", "1.0.0"},
         {"Upload-Length", std::to_string(bytes.size())},
         {"Upload-Metadata", "filename YS50eHQ="},
         {"Content-Type", "application/offset+octet-stream"}},
        bytes
    );
    ASSERT_EQ(uploaded.status, 201) << uploaded.body;
    const std::string file = uploaded.header("upload-file-id");
    const auto sent = ask(follower(), ada(), "POST", messages_of(room), {{"attachments", {file}}});
    ASSERT_EQ(sent.status, 201) << sent.body;
    for (int times = 0; times < 2; ++times) {
        const auto read = ask(follower(), bea(), "GET", "/files/" + file);
        EXPECT_EQ(read.status, 200) << read.body;
        EXPECT_EQ(read.body, bytes);
    }
}

TEST_F(Follower, AsksItsLeaderForWhatTakesTheLogsKey) {
    for (const char* const path : {"/audit/key", "/audit/checkpoint"}) {
        const auto answer = ask(follower(), ada(), "GET", path);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.body.substr(0, 9), "verbatim/");
    }
    const auto jwks = ask_once(follower(), "GET", "/.well-known/jwks.json");
    EXPECT_EQ(jwks.body, ask_once(leader(), "GET", "/.well-known/jwks.json").body);
}

TEST_F(Follower, SaysThatItFollows) {
    const json ready = readiness(follower());
    EXPECT_EQ(ready["role"], "follower");
    EXPECT_EQ(ready["commands"], "forwarded");
    EXPECT_EQ(readiness(leader())["role"], "leader");
}

TEST_F(Follower, DoesNotAnswerOtherNodes) {
    EXPECT_EQ(ask_once(follower(), "GET", "/internal/log?after=0").status, 404);
    const auto frame = ask_once(leader(), "POST", "/internal/frames", {}, "{}");
    EXPECT_EQ(frame.status, 401) << "without the node secret";
}

// ---- Each with nodes of its own ----------------------------------------------------------------

Finished run_follower(const Cluster& cluster, const std::string& name) {
    auto arguments = cluster.following();
    arguments.insert(arguments.end(), {"--data", cluster.path(name).string()});
    arguments.insert(arguments.end(), {"--http-port", "0", "--feed-port", "0"});
    return run_to_end({.binary = server_binary(), .arguments = arguments, .environment = {}});
}
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
