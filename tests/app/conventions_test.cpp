#include "tests/app/server_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Conventions : public ServerTest {
protected:
    Person& alice = person("alice");

    static std::string nested(int depth) {
        return R"({"name":"x","deep":)" + std::string(static_cast<std::size_t>(depth - 1), '[') +
               std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
    }
};

TEST_F(Conventions, ProblemsHaveTheShapeOfRfc9457AndARequestIdOfTheirOwn) {
    const HttpAnswer first = alice.get("/rooms/nowhere");
    ASSERT_EQ(first.status, 404);
    EXPECT_EQ(first.header("content-type"), "application/problem+json");
    const json problem = first.json();
    for (const char* member : {"type", "title", "detail", "code", "request_id"})
        EXPECT_TRUE(problem.at(member).is_string()) << member;
    EXPECT_EQ(problem.at("status"), 404);
    EXPECT_NE(alice.get("/rooms/nowhere").json().at("request_id"), problem.at("request_id"));
}

TEST_F(Conventions, AnswersNameTheirRequest) {
    const HttpAnswer fine = alice.get("/users/me");
    const HttpAnswer problem = alice.get("/rooms/nowhere");
    EXPECT_FALSE(fine.header("x-request-id").empty());
    EXPECT_EQ(problem.header("x-request-id"), problem.json().at("request_id"));
}

TEST_F(Conventions, UnknownPathsAreNotFound) {
    EXPECT_TRUE(is_problem(alice.get("/nothing/here"), 404, "not_found"));
    EXPECT_TRUE(is_problem(ask_once(server(), "GET", "/nothing"), 404, "not_found"));
    EXPECT_TRUE(is_problem(ask_once(server(), "GET", "/../etc/passwd"), 404, "not_found"));
}

TEST_F(Conventions, MethodsThatAPathHasNotAreAnsweredWithThoseItHas) {
    const HttpAnswer answer = alice.del("/rooms");
    EXPECT_TRUE(is_problem(answer, 405, "method_not_allowed"));
    for (const char* method : {"GET", "HEAD", "POST", "OPTIONS"})
        EXPECT_THAT(answer.header("allow"), HasSubstr(method));
    EXPECT_THAT(answer.header("allow"), ::testing::Not(HasSubstr("DELETE")));
    EXPECT_EQ(alice.ask("BREW", "/rooms").status, 405);
}

TEST_F(Conventions, BodiesBeyondTheBoundAreTooLarge) {
    const std::string largest(1024 * 1024, ' ');
    EXPECT_TRUE(is_problem(alice.ask("POST", "/rooms", {}, largest + " "), 413, "content_too_large")
    );
    const std::string body = R"({"name":"large","padding":")";
    const std::string padding(largest.size() - body.size() - 2, 'p');
    EXPECT_EQ(alice.ask("POST", "/rooms", {}, body + padding + "\"}").status, 201);
}

TEST_F(Conventions, BodiesOfAnotherMediaTypeAreUnsupported) {
    const std::string body = R"({"name":"x"})";
    const Headers xml = {
        {"Authorization", "Bearer " + alice.token()}, {"Content-Type", "application/xml"}};
    EXPECT_TRUE(is_problem(
        ask_once(server(), "POST", "/api/v1/rooms", xml, body), 415, "unsupported_media_type"
    ));
    const Headers with_charset = {
        {"Authorization", "Bearer " + alice.token()},
        {"Content-Type", "Application/JSON; charset=utf-8"}};
    EXPECT_EQ(ask_once(server(), "POST", "/api/v1/rooms", with_charset, body).status, 201);
}

TEST_F(Conventions, BodiesThatAreNoJsonObjectInUtf8AreRefused) {
    for (const char* body : {"{", "[1]", "\"text\"", "{\"name\":\"x\"} x", "{\"name\":'x'}", "nul"})
        EXPECT_TRUE(is_problem(alice.ask("POST", "/rooms", {}, body), 400, "not_json")) << body;
    for (const char* broken : {"\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"}) {
        const std::string body = std::string(R"({"name":")") + broken + "\"}";
        EXPECT_TRUE(is_problem(alice.ask("POST", "/rooms", {}, body), 400, "not_json"));
    }
    EXPECT_TRUE(is_problem(alice.ask("POST", "/rooms", {}, R"({"name":"\ud800"})"), 400, "not_json")
    ) << "half of a surrogate pair";
}

TEST_F(Conventions, BodiesNestedDeeperThanTheBoundAreRefused) {
    EXPECT_EQ(alice.ask("POST", "/rooms", {}, nested(32)).status, 201);
    EXPECT_TRUE(is_problem(alice.ask("POST", "/rooms", {}, nested(33)), 400, "not_json"));
    EXPECT_EQ(alice.ask("POST", "/rooms", {}, nested(100'000)).status, 400);
}

TEST_F(Conventions, PagesHaveOneToTwoHundredItems) {
    const std::string room = alice.create_room();
    const std::string lists[] = {
        "/rooms",
        "/users",
        "/users/me/invites",
        messages_of(room),
        "/rooms/" + room + "/members",
        "/rooms/" + room + "/receipts"};
    for (const std::string& list : lists) {
        for (const char* limit : {"0", "201", "-1", "x", "", "1.5"})
            EXPECT_TRUE(is_invalid(alice.get(list + "?limit=" + limit), "limit")) << list;
        EXPECT_EQ(alice.get(list + "?limit=1").status, 200) << list;
        EXPECT_EQ(alice.get(list + "?limit=200").status, 200) << list;
    }
}

TEST_F(Conventions, HeadAnswersWhatGetWouldWithoutTheBody) {
    const HttpAnswer get = alice.get("/users/me");
    const HttpAnswer head = alice.ask("HEAD", "/users/me");
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.body.empty());
    EXPECT_EQ(head.header("content-length"), get.header("content-length"));
    EXPECT_EQ(alice.get("/users/me").status, 200) << "the connection is in step";
}

TEST_F(Conventions, OptionsAnswerWhatAPathTakes) {
    const HttpAnswer answer = ask_once(server(), "OPTIONS", "/api/v1/rooms");
    EXPECT_EQ(answer.status, 204);
    EXPECT_THAT(answer.header("allow"), HasSubstr("POST"));
    EXPECT_EQ(answer.header("access-control-allow-origin"), "") << "no origin is allowed";
}

TEST_F(Conventions, ConnectionsAreKeptUnlessTheClientSaysClose) {
    HttpClient client(server().http_port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask("GET", "/healthz")->status, 200);
    EXPECT_TRUE(client.is_open());
    const auto last = client.ask("GET", "/healthz", {{"Connection", "close"}});
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->header("connection"), "close");
}

TEST_F(Conventions, CommandsAreConditionalOnTheRoomNotHavingMovedOn) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "one");
    const std::string tag = "\"" + std::to_string(seq) + "\"";
    const json text = {{"text", "two"}};
    const HttpAnswer sent = alice.post(messages_of(room), text, {{"If-Match", tag}});
    EXPECT_EQ(sent.status, 201) << sent.body;
    const HttpAnswer late = alice.post(messages_of(room), text, {{"If-Match", tag}});
    EXPECT_TRUE(is_problem(late, 412, "room_has_moved_on"));
    EXPECT_EQ(late.json().at("current_room_seq"), sent.room_seq());
    const std::string now = "\"" + std::to_string(sent.room_seq()) + "\"";
    const json name = {{"name", "renamed"}};
    EXPECT_EQ(alice.patch("/rooms/" + room, name, {{"If-Match", tag}}).status, 412);
    EXPECT_EQ(alice.patch("/rooms/" + room, name, {{"If-Match", now}}).status, 200);
    EXPECT_EQ(alice.del("/rooms/" + room, {{"If-Match", "17"}}).status, 400) << "no entity tag";
    EXPECT_EQ(alice.get("/rooms/" + room).json().at("archived"), false);
}

TEST_F(Conventions, QueriesWaitForThePositionTheyAskFor) {
    const std::string room = alice.create_room();
    const auto position = alice.post(messages_of(room), {{"text", "here"}}).position();
    const Headers shown = {{"Verbatim-Min-Position", std::to_string(position)}};
    EXPECT_EQ(alice.get(messages_of(room), shown).status, 200);

    Person writer = alice;
    HttpAnswer answer;
    std::thread waiting([&] {
        const Headers next = {{"Verbatim-Min-Position", std::to_string(position + 1)}};
        answer = alice.get(messages_of(room), next);
    });
    writer.say(room, "what it waits for");
    waiting.join();
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json().at("items").back().at("text"), "what it waits for");
}

TEST_F(Conventions, QueriesBeyondTheHeadAreToldThatTheNodeIsBehindAfterTwoSeconds) {
    const auto begin = std::chrono::steady_clock::now();
    const HttpAnswer answer = alice.get("/users/me", {{"Verbatim-Min-Position", "999999999"}});
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_TRUE(is_problem(answer, 503, "behind"));
    EXPECT_EQ(answer.json().at("reason"), "behind");
    EXPECT_GE(took, std::chrono::milliseconds(1900));
    EXPECT_EQ(alice.get("/users/me", {{"Verbatim-Min-Position", "soon"}}).status, 422);
}

TEST_F(Conventions, EveryCommandCarriesItsReceiptInHeaders) {
    Person bob = stranger();
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const std::string path = "/rooms/" + room;
    const auto seq = std::to_string(alice.say(room, "x"));
    const HttpAnswer in_room[] = {
        alice.post(path + "/messages", {{"text", "x"}}),
        alice.patch(path + "/messages/" + seq, {{"text", "y"}}),
        alice.del(path + "/messages/" + seq),
        alice.patch(path, {{"name", "y"}}),
        alice.put(member_path(room, bob), {{"role", "admin"}}),
        alice.del(member_path(room, bob)),
        alice.put(path + "/invites/" + bob.id()),
        alice.del(path + "/invites/" + bob.id()),
        alice.put(path + "/bans/" + bob.id(), json::object()),
        alice.del(path + "/bans/" + bob.id()),
        bob.post(path + "/join"),
        bob.post(path + "/leave"),
        alice.del(path)};
    std::uint64_t position = 0;
    std::uint64_t room_seq = std::stoull(seq);
    for (const HttpAnswer& answer : in_room) {
        EXPECT_LT(answer.status, 300) << answer.body;
        EXPECT_GT(answer.position(), position);
        EXPECT_EQ(answer.room_seq(), ++room_seq);
        position = answer.position();
    }
    const HttpAnswer alone = bob.patch("/users/me", {{"display_name", "B"}});
    EXPECT_GT(alone.position(), position);
    EXPECT_EQ(alone.header("verbatim-room-seq"), "") << "no room's stream is concerned";
}

}  // namespace

}  // namespace verbatim::testing
