#include "domain/type_id.hpp"
#include "tests/app/server_test.hpp"
#include "tests/support/log_scribe.hpp"

#include <gmock/gmock.h>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const json password = {{"password", Person::usual_password}};

class Erasure : public ServerTest {
protected:
    static HttpAnswer erase(Person& who, const json& body = password) {
        return who.ask("DELETE", "/users/me", {}, body.dump());
    }
    static json message(Person& reader, const std::string& room, std::uint64_t seq) {
        return reader.get(messages_of(room) + "/" + std::to_string(seq)).json();
    }
    // Waits, by asking, until the room's events show that `who` has left.
    static void wait_until_left(Person& reader, const std::string& room, const std::string& who) {
        while (reader.get("/rooms/" + room + "/members").body.find(who) != std::string::npos)
            std::this_thread::yield();
    }
    static void wait_until_erased(Person& reader, const std::string& room, std::uint64_t seq) {
        while (!message(reader, room, seq).at("text").is_null()) std::this_thread::yield();
    }
};

TEST_F(Erasure, TakesThePasswordAndASession) {
    Person ada = stranger();
    EXPECT_TRUE(is_problem(erase(ada, {{"password", "another one"}}), 403, "not_allowed"));
    EXPECT_TRUE(is_invalid(erase(ada, json::object()), "password"));
    const json made = ada.post("/users/me/keys", {{"name", "bot"}, {"scopes", {"send"}}}).json();
    const Headers by_key{{"Authorization", "Bearer " + made.at("key").get<std::string>()}};
    EXPECT_EQ(
        ask_once(server(), "DELETE", "/api/v1/users/me", by_key, password.dump()).status, 403
    );
    EXPECT_EQ(ada.get("/users/me").status, 200);
}

TEST_F(Erasure, ShowsNoNameFromItsAnswerOnAndEndsSessionsAndFeeds) {
    Person ada = stranger();
    WsClient feed = ada.live_feed();
    const HttpAnswer begun = erase(ada);
    ASSERT_EQ(begun.status, 202) << begun.body;
    EXPECT_GT(begun.position(), 0U);
    const json shown = person("grace").get("/users/" + ada.id()).json();
    EXPECT_TRUE(shown.at("username").is_null());
    EXPECT_TRUE(shown.at("display_name").is_null());
    EXPECT_EQ(ada.get("/users/me").status, 401);
    EXPECT_EQ(feed.close_code(), 4401);
    const json again = {{"username", ada.username()}, {"password", "somebody else's"}};
    EXPECT_EQ(ask_once(server(), "POST", "/api/v1/users", {}, again.dump()).status, 201);
}

TEST_F(Erasure, ReadsAsNullForEveryoneAndPassesTheRoomOn) {
    Person ada = stranger();
    Person& ben = person("ben");
    const std::string room = ada.create_room({{"name", "Ada's room"}});
    ASSERT_EQ(join(ben, room).status, 200);
    const std::uint64_t seq = ada.say(room, "ada was here");
    const std::uint64_t other = ben.say(room, "ben is here");
    ASSERT_EQ(erase(ada).status, 202);
    wait_until_left(ben, room, ada.id());
    wait_until_erased(ben, room, seq);

    const json erased = message(ben, room, seq);
    EXPECT_EQ(erased.at("sender_id"), ada.id());
    EXPECT_TRUE(erased.at("metadata").is_null());
    EXPECT_THAT(erased.at("attachments"), IsEmpty());
    EXPECT_TRUE(erased.at("deleted_at").is_null());
    EXPECT_EQ(message(ben, room, other).at("text"), "ben is here");
    EXPECT_EQ(ben.get("/rooms/" + room).json().at("my").at("role"), "owner");
    EXPECT_THAT(ben.get(messages_of(room)).body, Not(HasSubstr("ada was here")));
    EXPECT_THAT(ben.get("/rooms/" + room + "/events").body, Not(HasSubstr("ada was here")));
    EXPECT_EQ(ben.get(messages_of(room) + "/" + std::to_string(seq) + "/proof").status, 200)
        << "what is left can still be proved";
}

TEST_F(Erasure, IsReplayedToFeedsAsNull) {
    Person ada = stranger();
    Person& ben = person("ben");
    const std::string room = ada.create_room();
    ASSERT_EQ(join(ben, room).status, 200);
    const std::uint64_t seq = ada.say(room, "ada was here");
    const auto position = message(ben, room, seq).at("position").get<std::uint64_t>();
    ASSERT_EQ(erase(ada).status, 202);
    wait_until_erased(ben, room, seq);
    WsClient feed = ben.feed("after=" + std::to_string(position - 1) + "&room=" + room);
    const auto replayed = feed.read_until_position(position);
    ASSERT_EQ(replayed.size(), 1U);
    EXPECT_EQ(replayed.front().at("type"), "message.sent");
    EXPECT_TRUE(replayed.front().at("data").at("text").is_null());
}

TEST_F(Erasure, LeavesRetentionToOwners) {
    Person& ada = person("ada");
    Person& ben = person("ben");
    const std::string room = ada.create_room();
    const std::string path = "/rooms/" + room + "/retention";
    ASSERT_EQ(join(ben, room).status, 200);
    EXPECT_TRUE(is_problem(ben.put(path, {{"days", 7}}), 403, "actor_is_not_owner"));
    EXPECT_TRUE(is_invalid(ada.put(path, {{"days", 0}}), "days"));
    EXPECT_TRUE(is_invalid(ada.put(path, {{"days", 36'501}}), "days"));
    const HttpAnswer set = ada.put(path, {{"days", 7}});
    ASSERT_EQ(set.status, 200) << set.body;
    json shown = ben.get(path).json();
    EXPECT_EQ(shown, (json{{"room_id", room}, {"days", 7}, {"server_days", nullptr}}));
    EXPECT_EQ(ada.del(path).status, 200);
    EXPECT_TRUE(ben.get(path).json().at("days").is_null());
}

TEST_F(Erasure, LeavesHoldsToAdmins) {
    Person& ada = person("ada");
    const std::string on_ada = "/admin/holds/users/" + ada.id();
    EXPECT_TRUE(is_problem(ada.put(on_ada, {{"reason", "a case"}}), 403, "not_allowed"));
    EXPECT_TRUE(is_problem(ada.del(on_ada), 403, "not_allowed"));
    EXPECT_TRUE(is_problem(ada.get("/admin/holds"), 403, "not_allowed"));
}

// A server of its own, on which somebody was made an admin.
TEST(LegalHold, RefusesErasureUntilItIsLifted) {
    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person ada(server, "ada");
    Person admin(server, "admin");
    const std::string room = ada.create_room();
    ASSERT_EQ(server.terminate(), 0);
    {
        auto log = *open_rocks_event_log(
            (server.data() / "log").string(), counted_bytes(), Uuid(), Timestamp(1)
        );
        const auto user = *parse_id<UserId>(admin.id());
        LogScribe scribe(*log);
        scribe.write(stream_of(user), user, {AccountEvent(RoleGranted{ServerRole::admin})});
        ASSERT_TRUE(scribe.commit());
    }
    server.start();
    const auto erase = [&] { return ada.ask("DELETE", "/users/me", {}, password.dump()); };
    const std::string on_ada = "/admin/holds/users/" + ada.id();
    const std::string on_room = "/admin/holds/rooms/" + room;
    const json reason = {{"reason", "case 7"}};

    EXPECT_TRUE(is_invalid(admin.put(on_ada, {{"reason", ""}}), "reason"));
    const std::string nobody = "/admin/holds/users/user_01h2xcejqtf2nbrexx3vqjhp41";
    EXPECT_TRUE(is_problem(admin.put(nobody, reason), 404, "user_not_found"));
    ASSERT_EQ(admin.put(on_ada, reason).status, 204);
    const json held = admin.get("/admin/holds").json().at("items");
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held.front().at("user_id"), ada.id());
    EXPECT_EQ(held.front().at("reason"), "case 7");
    EXPECT_EQ(held.front().at("set_by"), admin.id());
    EXPECT_TRUE(is_problem(erase(), 409, "is_held"));
    ASSERT_EQ(admin.del(on_ada).status, 204);
    ASSERT_EQ(admin.put(on_room, reason).status, 204);
    EXPECT_TRUE(is_problem(erase(), 409, "is_held")) << "a room of hers";
    EXPECT_EQ(ada.get("/users/me").status, 200);
    ASSERT_EQ(admin.del(on_room).status, 204);
    EXPECT_THAT(admin.get("/admin/holds").json().at("items"), IsEmpty());
    EXPECT_EQ(erase().status, 202);
    EXPECT_EQ(admin.put("/rooms/" + room + "/retention", {{"days", 30}}).status, 200);
}

}  // namespace

}  // namespace verbatim::testing
