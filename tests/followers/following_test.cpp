#include "tests/followers/cluster.hpp"

namespace verbatim::testing {
namespace {

using nlohmann::json;

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

// A file that is announced with `length`, whose bytes begin with `bytes`.
HttpAnswer begin_upload(
    const ServerProcess& node, const Person& who, const std::string& bytes, std::size_t length
) {
    return ask_once(
        node,
        "POST",
        "/api/v1/uploads",
        {{"Authorization", "Bearer " + who.token()},
         {"Tus-Resumable", "1.0.0"},
         {"Upload-Length", std::to_string(length)},
         {"Upload-Metadata", "filename YS50eHQ="},
         {"Content-Type", "application/offset+octet-stream"}},
        bytes
    );
}

TEST_F(Follower, BringsAFileFromTheLeaderWhenItIsAskedForIt) {
    const std::string room = room_of_two();
    const std::string bytes = "the bytes of a file";
    const auto uploaded = begin_upload(follower(), ada(), bytes, bytes.size());
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

TEST_F(Follower, ShowsAnUploadToItsUploaderBeforeItIsPosted) {
    const std::string bytes(300'000, 'b');
    const auto uploaded = begin_upload(leader(), ada(), bytes, bytes.size());
    ASSERT_EQ(uploaded.status, 201) << uploaded.body;
    const std::string path = "/files/" + uploaded.header("upload-file-id");
    const auto read = ask(follower(), ada(), "GET", path);
    EXPECT_EQ(read.status, 200) << read.body;
    EXPECT_EQ(read.body, bytes);
    const auto at_leader = ask(leader(), ada(), "GET", path);
    for (const char* const name : {"etag", "content-type", "content-disposition", "cache-control"})
        EXPECT_EQ(read.header(name), at_leader.header(name)) << name;
    const auto part = ask(follower(), ada(), "GET", path, nullptr, {{"Range", "bytes=299998-"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "bb");
    EXPECT_EQ(part.header("content-range"), "bytes 299998-299999/300000");
    const Headers known = {{"If-None-Match", read.header("etag")}};
    EXPECT_EQ(ask(follower(), ada(), "GET", path, nullptr, known).status, 304);
    EXPECT_TRUE(is_problem(ask(follower(), bea(), "GET", path), 404, "not_found"));
    for (const auto& entry : std::filesystem::directory_iterator(follower().data()))
        EXPECT_FALSE(entry.path().filename().string().starts_with("brought.")) << entry.path();
}

TEST_F(Follower, GoesOnWithAnUploadThatBeganAtItsLeader) {
    const auto begun = begin_upload(leader(), ada(), "the first half", 19);
    ASSERT_EQ(begun.status, 201) << begun.body;
    const Headers tus = {{"Authorization", "Bearer " + ada().token()}, {"Tus-Resumable", "1.0.0"}};
    const std::string upload = begun.header("location");
    const auto state = ask_once(follower(), "HEAD", upload, tus);
    EXPECT_EQ(state.status, 200);
    EXPECT_EQ(state.header("upload-offset"), "14");
    Headers more = tus;
    more.insert(
        more.end(), {{"Upload-Offset", "14"}, {"Content-Type", "application/offset+octet-stream"}}
    );
    const auto whole = ask_once(follower(), "PATCH", upload, more, " more");
    ASSERT_EQ(whole.status, 204) << whole.body;
    const std::string path = "/files/" + whole.header("upload-file-id");
    EXPECT_EQ(ask(follower(), ada(), "GET", path).body, "the first half more");
}

TEST_F(Follower, ClosesAFeedWhoseCursorIsBeyondItsLeadersLog) {
    auto feed = feed_at(follower(), ada(), "after=1000000000");
    EXPECT_EQ(feed.close_code(), 4410u);
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

}  // namespace
}  // namespace verbatim::testing
