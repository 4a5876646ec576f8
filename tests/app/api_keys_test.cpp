#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::MatchesRegex;

class ApiKeys : public ServerTest {
protected:
    static json make_key(Person& who, const json& scopes) {
        const HttpAnswer made = who.post("/users/me/keys", {{"name", "bot"}, {"scopes", scopes}});
        EXPECT_EQ(made.status, 201) << made.body;
        return made.json();
    }
    // Somebody as a bot that has this key sees the server.
    static HttpAnswer ask_with(
        const json& key,
        std::string_view method,
        const std::string& path,
        const json& body = nullptr
    ) {
        const Headers bearer = {{"Authorization", "Bearer " + key.at("key").get<std::string>()}};
        const std::string text = body.is_null() ? std::string() : body.dump();
        return ask_once(server(), method, "/api/v1" + path, bearer, text);
    }
    static WsClient feed_with(const json& key) {
        return WsClient(
            {.port = server().feed_port(),
             .target = "/api/v1/feed",
             .token = key.at("key"),
             .subprotocols = {}}
        );
    }
};

TEST_F(ApiKeys, AreShownOnceAndListedWithoutTheirText) {
    Person ada = stranger();
    const HttpAnswer made =
        ada.post("/users/me/keys", {{"name", "builds ✨"}, {"scopes", {"read", "send"}}});
    ASSERT_EQ(made.status, 201) << made.body;
    json key = made.json();
    EXPECT_THAT(key.at("key_id").get<std::string>(), MatchesRegex("key_[0-9a-z]{26}"));
    EXPECT_THAT(key.at("key").get<std::string>(), MatchesRegex("vbk_[-_0-9A-Za-z]{43}"));
    EXPECT_EQ(key.at("name"), "builds ✨");
    EXPECT_EQ(key.at("scopes"), json({"read", "send"}));
    EXPECT_EQ(key.at("receipt").at("position"), made.position());
    key.erase("key");
    key.erase("receipt");
    const HttpAnswer listed = ada.get("/users/me/keys");
    EXPECT_EQ(listed.json(), json({{"items", {key}}, {"next", nullptr}}));
}

TEST_F(ApiKeys, ShowNoTextWhenTheirMakingIsRepeated) {
    Person ada = stranger();
    const json body = {{"name", "bot"}, {"scopes", {"read"}}};
    const json first = ada.post("/users/me/keys", body, {{"Idempotency-Key", "k"}}).json();
    const HttpAnswer again = ada.post("/users/me/keys", body, {{"Idempotency-Key", "k"}});
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    json wanted = first;
    wanted["key"] = nullptr;
    EXPECT_EQ(again.json(), wanted);
    EXPECT_EQ(ada.get("/users/me/keys").json().at("items").size(), 1u);
    EXPECT_EQ(ask_with(first, "GET", "/users/me").status, 200);
}

TEST_F(ApiKeys, AreRefusedBeyondTheBoundsNamingTheMember) {
    Person& ada = person("ada");
    const std::pair<json, std::string> refused[] = {
        {{{"scopes", {"read"}}}, "name"},
        {{{"name", ""}, {"scopes", {"read"}}}, "name"},
        {{{"name", std::string(65, 'n')}, {"scopes", {"read"}}}, "name"},
        {{{"name", "a\u0007bell"}, {"scopes", {"read"}}}, "name"},
        {{{"name", "bot"}}, "scopes"},
        {{{"name", "bot"}, {"scopes", json::array()}}, "scopes"},
        {{{"name", "bot"}, {"scopes", {"write"}}}, "scopes"},
        {{{"name", "bot"}, {"scopes", {"read", "read"}}}, "scopes"},
        {{{"name", "bot"}, {"scopes", "read"}}, "scopes"},
    };
    for (const auto& [body, field] : refused)
        EXPECT_TRUE(is_invalid(ada.post("/users/me/keys", body), field)) << body;
}

TEST_F(ApiKeys, ThatReadAnswerQueriesAndFollowFeedsAndNothingElse) {
    Person ada = stranger();
    const std::string room = ada.create_room();
    const json key = make_key(ada, {"read"});
    EXPECT_EQ(ask_with(key, "GET", "/users/me").json().at("user_id"), ada.id());
    EXPECT_EQ(ask_with(key, "GET", messages_of(room)).status, 200);
    EXPECT_TRUE(is_problem(
        ask_with(key, "POST", messages_of(room), {{"text", "no"}}), 403, "scope_is_missing"
    ));
    EXPECT_TRUE(
        is_problem(ask_with(key, "POST", "/rooms", {{"name", "no"}}), 403, "scope_is_missing")
    );
    WsClient feed = feed_with(key);
    ASSERT_TRUE(feed.read_until("caught_up").has_value());
    for (const json& frame :
         {json({{"type", "send"}, {"ref", "r"}, {"room_id", room}, {"text", "no"}}),
          json({{"type", "read"}, {"ref", "r"}, {"room_id", room}, {"up_to", 1}}),
          json({{"type", "typing"}, {"ref", "r"}, {"room_id", room}, {"typing", true}})}) {
        feed.send(frame);
        const auto answer = feed.read_until("problem");
        ASSERT_TRUE(answer.has_value());
        EXPECT_EQ(answer->at("problem").at("code"), "scope_is_missing") << frame;
    }
    const auto seq = ada.say(room, "seen by the bot");
    EXPECT_EQ(feed.read_until("event")->at("event").at("room_seq"), seq);
}

TEST_F(ApiKeys, ThatSendPostAndAskNothing) {
    Person ada = stranger();
    const std::string room = ada.create_room();
    const json key = make_key(ada, {"send"});
    const HttpAnswer sent = ask_with(key, "POST", messages_of(room), {{"text", "by a bot"}});
    EXPECT_EQ(sent.status, 201) << sent.body;
    EXPECT_EQ(sent.json().at("sender_id"), ada.id());
    EXPECT_TRUE(is_problem(ask_with(key, "GET", messages_of(room)), 403, "scope_is_missing"));
    WsClient feed = feed_with(key);
    EXPECT_TRUE(feed.is_open());
    EXPECT_EQ(feed.close_code(), 4403u);
}

TEST_F(ApiKeys, LeaveTheAccountToThoseWhoLoggedIn) {
    Person ada = stranger();
    const json key = make_key(ada, {"read", "send"});
    const std::string own = "/users/me/keys/" + key.at("key_id").get<std::string>();
    const std::tuple<const char*, std::string, json> refused[] = {
        {"PATCH", "/users/me", {{"display_name", "Eve"}}},
        {"PUT", "/users/me/password", {{"current", Person::usual_password}, {"new", "password"}}},
        {"POST", "/users/me/keys", {{"name", "more"}, {"scopes", {"send"}}}},
        {"DELETE", own, nullptr},
        {"DELETE", "/sessions/current", nullptr},
        {"DELETE", "/sessions/" + ada.session(), nullptr},
        {"POST", "/sessions/refresh", {{"refresh_token", ada.refresh_token()}}},
    };
    for (const auto& [method, path, body] : refused)
        EXPECT_TRUE(is_problem(ask_with(key, method, path, body), 403, "not_allowed")) << path;
    const json as_refresh = {{"refresh_token", key.at("key")}};
    EXPECT_TRUE(is_problem(
        ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, as_refresh.dump()),
        403,
        "not_allowed"
    ));
    EXPECT_EQ(ada.get("/users/me").status, 200) << "the session still works";
}

TEST_F(ApiKeys, OpenFeedsByTheQueryAndBySubprotocolToo) {
    Person ada = stranger();
    const std::string key = make_key(ada, {"read"}).at("key");
    const auto port = server().feed_port();
    WsClient by_query(
        {.port = port, .target = "/api/v1/feed?token=" + key, .token = {}, .subprotocols = {}}
    );
    EXPECT_EQ(by_query.read()->at("user_id"), ada.id());
    WsClient by_protocol(
        {.port = port, .target = "/api/v1/feed", .token = {}, .subprotocols = "bearer, " + key}
    );
    EXPECT_EQ(by_protocol.read()->at("user_id"), ada.id());
}

TEST_F(ApiKeys, EndAtOnceWithTheirFeedsWhenRevoked) {
    Person ada = stranger();
    const json key = make_key(ada, {"read"});
    const json other = make_key(ada, {"read"});
    WsClient feed = feed_with(key);
    WsClient others = feed_with(other);
    ASSERT_TRUE(feed.read_until("caught_up") && others.read_until("caught_up"));
    ASSERT_EQ(ask_with(key, "GET", "/users/me").status, 200);
    const std::string path = "/users/me/keys/" + key.at("key_id").get<std::string>();
    EXPECT_TRUE(is_problem(person("grace").del(path), 404, "key_not_found"));

    const HttpAnswer revoked = ada.del(path, {{"Idempotency-Key", "revoke"}});
    EXPECT_EQ(revoked.status, 204);
    EXPECT_GT(revoked.position(), 0u);
    EXPECT_TRUE(is_problem(ask_with(key, "GET", "/users/me"), 401, "not_authenticated"));
    EXPECT_EQ(feed.close_code(), 4401u);
    EXPECT_EQ(ask_with(other, "GET", "/users/me").status, 200);
    EXPECT_EQ(ada.get("/users/me/keys").json().at("items").size(), 1u);
    EXPECT_TRUE(is_problem(ada.del(path), 404, "key_not_found"));
    EXPECT_EQ(ada.del(path, {{"Idempotency-Key", "revoke"}}).status, 204) << "repeated";
    EXPECT_TRUE(is_problem(ada.del("/users/me/keys/nonsense"), 404, "key_not_found"));
    const auto event = others.read_until("event");
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->at("event").at("type"), "key.revoked");
}

TEST_F(ApiKeys, AreNoMoreThanAUserMayHave) {
    Person ada = stranger();
    for (int i = 0; i < 32; ++i) (void)make_key(ada, {"read"});
    const json body = {{"name", "bot"}, {"scopes", {"read"}}};
    EXPECT_TRUE(is_problem(ada.post("/users/me/keys", body), 409, "user_has_too_many_keys"));
}

TEST_F(ApiKeys, OutliveARestart) {
    Person ada = stranger();
    const json key = make_key(ada, {"read"});
    server().kill9();
    server().start();
    EXPECT_EQ(ask_with(key, "GET", "/users/me").status, 200);
}

TEST_F(ApiKeys, AreNotGuessed) {
    json key = make_key(person("ada"), {"read"});
    for (const std::string text : {"vbk_", "vbk_nonsense"}) {
        key["key"] = text;
        EXPECT_TRUE(is_problem(ask_with(key, "GET", "/users/me"), 401, "not_authenticated"));
    }
}

}  // namespace

}  // namespace verbatim::testing
