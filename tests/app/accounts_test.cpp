#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Accounts : public ServerTest {
protected:
    static HttpAnswer register_with(const json& body) {
        return ask_once(server(), "POST", "/api/v1/users", {}, body.dump());
    }
    static HttpAnswer log_in_with(const std::string& username, const std::string& password) {
        const json body = {{"username", username}, {"password", password}};
        return ask_once(server(), "POST", "/api/v1/sessions", {}, body.dump());
    }
};

TEST_F(Accounts, AreRegisteredWithAReceiptAndAreVisibleAtOnce) {
    const HttpAnswer made = register_with(
        {{"username", "ada"}, {"password", "a good password"}, {"display_name", "Ada L. ✨"}}
    );
    ASSERT_EQ(made.status, 201) << made.body;
    const json account = made.json();
    EXPECT_THAT(account.at("user_id").get<std::string>(), MatchesRegex("user_[0-9a-z]{26}"));
    EXPECT_EQ(account.at("username"), "ada");
    EXPECT_EQ(account.at("display_name"), "Ada L. ✨");
    EXPECT_THAT(
        account.at("created_at").get<std::string>(),
        MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z")
    );
    EXPECT_EQ(account.at("receipt").at("position"), made.position());
    EXPECT_TRUE(account.at("receipt").at("room_seq").is_null());
    EXPECT_FALSE(account.contains("password"));

    const std::string path = "/users/" + account.at("user_id").get<std::string>();
    json shown = person("grace").get(path).json();
    shown["receipt"] = account.at("receipt");
    EXPECT_EQ(shown, account);
}

TEST_F(Accounts, HaveUsernamesFoldedToLowerCase) {
    const HttpAnswer made =
        register_with({{"username", "MiXeD.Case-1"}, {"password", "a good password"}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.json().at("username"), "mixed.case-1");
    EXPECT_TRUE(is_problem(
        register_with({{"username", "MIXED.CASE-1"}, {"password", "another password"}}),
        409,
        "username_is_taken"
    ));
    EXPECT_EQ(log_in_with("mIxEd.cAsE-1", "a good password").status, 201);
}

TEST_F(Accounts, AreRefusedBeyondTheBoundsNamingTheMember) {
    const std::string good = "a good password";
    const std::pair<json, std::string> refused[] = {
        {{{"password", good}}, "username"},
        {{{"username", "ab"}, {"password", good}}, "username"},
        {{{"username", std::string(33, 'a')}, {"password", good}}, "username"},
        {{{"username", "white space"}, {"password", good}}, "username"},
        {{{"username", "ümlaut"}, {"password", good}}, "username"},
        {{{"username", 17}, {"password", good}}, "username"},
        {{{"username", "bounds"}}, "password"},
        {{{"username", "bounds"}, {"password", "1234567"}}, "password"},
        {{{"username", "bounds"}, {"password", std::string(129, 'p')}}, "password"},
        {{{"username", "bounds"}, {"password", good}, {"display_name", ""}}, "display_name"},
        {{{"username", "bounds"}, {"password", good}, {"display_name", std::string(65, 'd')}},
         "display_name"},
        {{{"username", "bounds"}, {"password", good}, {"display_name", json::array()}},
         "display_name"},
    };
    for (const auto& [body, field] : refused) EXPECT_TRUE(is_invalid(register_with(body), field));
}

TEST_F(Accounts, AreTakenAtTheBoundsAndCharactersAreCodePoints) {
    std::string name;
    for (int i = 0; i < 64; ++i) name += "漢";
    const json smallest = {{"username", "a-z"}, {"password", "12345678"}, {"display_name", name}};
    EXPECT_EQ(register_with(smallest).status, 201);
    const json largest = {
        {"username", std::string(32, 'z')}, {"password", std::string(128, 'p')}, {"unknown", 1}};
    EXPECT_EQ(register_with(largest).status, 201);
}

TEST_F(Accounts, AreFoundByTheBeginningOfTheirUsernamePageByPage) {
    for (const char* name : {"find.one", "find.two", "find.three"})
        ASSERT_EQ(register_with({{"username", name}, {"password", "a good password"}}).status, 201);
    std::vector<std::string> names;
    for (const json& user : person("grace").all_pages("/users?q=FIND.&limit=2"))
        names.push_back(user.at("username"));
    EXPECT_EQ(names, (std::vector<std::string>{"find.one", "find.three", "find.two"}));
    EXPECT_TRUE(is_problem(
        person("grace").get("/users/user_00000000000000000000000000"), 404, "user_not_found"
    ));
    EXPECT_TRUE(is_problem(person("grace").get("/users/nobody"), 404, "user_not_found"));
}

TEST_F(Accounts, CanBeRenamed) {
    Person ada = stranger();
    const HttpAnswer renamed = ada.patch("/users/me", {{"display_name", "The Countess"}});
    ASSERT_EQ(renamed.status, 200) << renamed.body;
    EXPECT_EQ(renamed.json().at("display_name"), "The Countess");
    EXPECT_GT(renamed.position(), 0u);
    EXPECT_EQ(ada.get("/users/me").json().at("display_name"), "The Countess");
    // Already so: the receipt is that of the state, and nothing was added.
    const HttpAnswer again = ada.patch("/users/me", {{"display_name", "The Countess"}});
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.position(), renamed.position());
    EXPECT_TRUE(is_invalid(ada.patch("/users/me", json::object()), "display_name"));
}

class Sessions : public Accounts {};

TEST_F(Sessions, AreOpenedWithTokensForABearer) {
    const Person ada = stranger();
    const HttpAnswer opened = log_in_with(ada.username(), std::string(Person::usual_password));
    ASSERT_EQ(opened.status, 201) << opened.body;
    const json session = opened.json();
    EXPECT_THAT(session.at("session_id").get<std::string>(), StartsWith("session_"));
    EXPECT_EQ(session.at("token_type"), "Bearer");
    EXPECT_EQ(session.at("expires_in"), 900);
    EXPECT_EQ(session.at("user_id"), ada.id());
    EXPECT_EQ(session.at("receipt").at("position"), opened.position());
    EXPECT_GT(opened.position(), 0u);
}

TEST_F(Sessions, AreRefusedInTheSameWordsWhetherTheNameOrThePasswordIsWrong) {
    const Person ada = stranger();
    const HttpAnswer wrong_password = log_in_with(ada.username(), "not the password");
    const HttpAnswer wrong_name = log_in_with("nobody-at-all", "not the password");
    EXPECT_TRUE(is_problem(wrong_password, 401, "not_authenticated"));
    EXPECT_TRUE(is_problem(wrong_name, 401, "not_authenticated"));
    json one = wrong_password.json();
    json other = wrong_name.json();
    one.erase("request_id");
    other.erase("request_id");
    EXPECT_EQ(one, other);
    EXPECT_EQ(wrong_name.header("www-authenticate"), "Bearer");
}

TEST_F(Sessions, AreNeededForEverythingThatIsSomebodys) {
    for (const char* path : {"/api/v1/users/me", "/api/v1/rooms", "/api/v1/sessions"}) {
        EXPECT_TRUE(is_problem(ask_once(server(), "GET", path), 401, "not_authenticated"));
        for (const char* credentials : {"Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer a.b.c"})
            EXPECT_EQ(ask_once(server(), "GET", path, {{"Authorization", credentials}}).status, 401)
                << credentials;
    }
}

TEST_F(Sessions, RotateTheirTokensAndEndWhenAnOldOneIsUsedAgain) {
    Person ada = stranger();
    const std::string first = ada.refresh_token();
    const json with_first = {{"refresh_token", first}};
    const HttpAnswer refreshed =
        ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, with_first.dump());
    ASSERT_EQ(refreshed.status, 201) << refreshed.body;
    EXPECT_EQ(refreshed.json().at("session_id"), ada.session());
    EXPECT_NE(refreshed.json().at("refresh_token"), first);
    ada.use_session(refreshed.json());
    EXPECT_EQ(ada.get("/users/me").status, 200);

    WsClient feed = ada.live_feed();
    EXPECT_TRUE(is_problem(
        ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, with_first.dump()),
        401,
        "refresh_token_was_used"
    ));
    EXPECT_EQ(ada.get("/users/me").status, 401);
    EXPECT_EQ(feed.close_code(), 4401u);
    const json with_newest = {{"refresh_token", ada.refresh_token()}};
    EXPECT_EQ(
        ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, with_newest.dump()).status, 401
    );
}

TEST_F(Sessions, RefuseARefreshTokenThatNobodyMade) {
    for (const char* text : {"", "nonsense", "user_x.session_y.z"}) {
        const json body = {{"refresh_token", text}};
        const auto answer = ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, body.dump());
        EXPECT_TRUE(is_problem(answer, 401, "not_authenticated"));
    }
    EXPECT_TRUE(is_invalid(
        ask_once(server(), "POST", "/api/v1/sessions/refresh", {}, "{}"), "refresh_token"
    ));
}

TEST_F(Sessions, EndAtOnceWithTheirTokensAndFeeds) {
    Person ada = stranger();
    WsClient feed = ada.live_feed();
    const HttpAnswer ended = ada.del("/sessions/current");
    EXPECT_EQ(ended.status, 204);
    EXPECT_GT(ended.position(), 0u);
    EXPECT_EQ(ada.get("/users/me").status, 401);
    EXPECT_EQ(feed.close_code(), 4401u);
}

TEST_F(Sessions, AreListedAndEndedOneByOne) {
    Person ada = stranger();
    Person elsewhere = ada;
    elsewhere.use_session(ada.log_in().json());
    const json listed = ada.get("/sessions").json().at("items");
    ASSERT_EQ(listed.size(), 2u);
    for (const json& session : listed)
        EXPECT_EQ(session.at("current"), session.at("session_id") == ada.session());

    EXPECT_EQ(ada.del("/sessions/" + elsewhere.session()).status, 204);
    EXPECT_EQ(elsewhere.get("/users/me").status, 401);
    EXPECT_EQ(ada.get("/users/me").status, 200);
    EXPECT_EQ(ada.get("/sessions").json().at("items").size(), 1u);
    EXPECT_EQ(ada.del("/sessions/" + elsewhere.session()).status, 404);
    EXPECT_EQ(person("grace").del("/sessions/" + ada.session()).status, 404);
    EXPECT_EQ(ada.get("/users/me").status, 200);
}

TEST_F(Sessions, OtherThanTheOneThatChangesThePasswordEnd) {
    Person ada = stranger();
    Person elsewhere = ada;
    elsewhere.use_session(ada.log_in().json());
    WsClient feed = elsewhere.live_feed();
    const json wrong = {{"current", "a wrong password"}, {"new", "another password"}};
    EXPECT_TRUE(is_problem(ada.put("/users/me/password", wrong), 403, "not_allowed"));
    const json too_short = {{"current", Person::usual_password}, {"new", "short"}};
    EXPECT_TRUE(is_invalid(ada.put("/users/me/password", too_short), "new"));

    const json change = {{"current", Person::usual_password}, {"new", "another password"}};
    const HttpAnswer changed = ada.put("/users/me/password", change);
    EXPECT_EQ(changed.status, 204) << changed.body;
    EXPECT_GT(changed.position(), 0u);
    EXPECT_EQ(ada.get("/users/me").status, 200);
    EXPECT_EQ(elsewhere.get("/users/me").status, 401);
    EXPECT_EQ(feed.close_code(), 4401u);
    EXPECT_EQ(ada.log_in().status, 401);
    EXPECT_EQ(ada.log_in("another password").status, 201);
}

}  // namespace

}  // namespace verbatim::testing
