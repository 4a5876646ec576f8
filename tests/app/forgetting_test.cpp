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

// A server of its own, whose auditor looks at the past of a room that an owner, ben, stays in after
// ada, who made it, was erased.
class ErasedPast : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(server.terminate(), 0);
        const Finished granted = run_to_end(
            {.binary = server_binary(),
             .arguments = {"user", "grant", "auditor", "auditor", "--data", server.data().string()},
             .environment = {}}
        );
        ASSERT_EQ(granted.exit_code, 0) << granted.standard_error;
        server.start();
    }
    void write_history() {
        ben.say(room, "ben was here first");
        const HttpAnswer sent = ada.post(
            messages, {{"text", "ada's first words"}, {"metadata", {{"m", "ada's metadata"}}}}
        );
        const std::string said = messages + "/" + std::to_string(sent.room_seq());
        ada.patch(said, {{"text", "ada's second words"}});
        seq = sent.room_seq();
        gone = ada.say(room, "ada's regrets");
        ASSERT_EQ(ada.del(messages + "/" + std::to_string(gone)).status, 204);
        ASSERT_EQ(ada.patch("/rooms/" + room, {{"name", "ada's new name for it"}}).status, 200);
        written = ada.post(messages, {{"text", "ada's last words"}});
    }
    static HttpAnswer look(Person& who, const std::string& path, const std::string& moment) {
        const std::string query = (path.find('?') == std::string::npos ? "?" : "&");
        return who.get(path + query + "as_of=" + moment);
    }
    // Whatever who may look at shows of ada's words, at any moment of the room.
    std::vector<std::string> seen_by(Person& who) {
        std::vector<std::string> seen;
        const auto note_if_seen = [&](const HttpAnswer& answer, const std::string& what) {
            EXPECT_EQ(answer.status, 200) << what << answer.body;
            if (answer.body.find("ada's") != std::string::npos) seen.push_back(what);
        };
        std::vector<std::string> moments;
        for (std::uint64_t at = created.position(); at <= written.position(); ++at)
            moments.push_back(std::to_string(at));
        moments.push_back(written.json().at("sent_at"));
        for (const std::string& moment : moments)
            for (const char* const route : {"", "/members", "/messages?limit=200", "/receipts"})
                note_if_seen(look(who, "/rooms/" + room + route, moment), route + (" " + moment));
        return seen;
    }
    void erase_ada() {
        ASSERT_EQ(ada.ask("DELETE", "/users/me", {}, password.dump()).status, 202);
        while (auditor.get("/events?type=user.erased").json().at("items").empty())
            std::this_thread::yield();
    }

    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person auditor{server, "auditor"};
    Person ben{server, "ben"};
    Person ada{server, "ada"};
    const HttpAnswer created =
        ada.post("/rooms", {{"name", "ada's room"}, {"members", {ben.id()}}});
    const std::string room = created.json().at("room_id");
    const std::string messages = "/rooms/" + room + "/messages";
    std::uint64_t seq = 0;   // of a message that was edited
    std::uint64_t gone = 0;  // of one that was deleted
    HttpAnswer written;      // the last one
};

TEST_F(ErasedPast, ReadsAsNullToOwnersAndAuditorsAtEveryMoment) {
    ASSERT_EQ(ada.put("/rooms/" + room + "/members/" + ben.id(), {{"role", "owner"}}).status, 200);
    write_history();
    const std::string then = std::to_string(written.position() - 1);
    EXPECT_THAT(look(ben, messages, then).body, HasSubstr("ada's second words"));
    EXPECT_THAT(look(ben, messages, then).body, Not(HasSubstr("ada's regrets")));
    EXPECT_THAT(seen_by(auditor), Not(IsEmpty()));
    const std::string before_deletion = std::to_string(written.position() - 3);
    EXPECT_THAT(look(auditor, messages, before_deletion).body, HasSubstr("ada's regrets"));

    erase_ada();
    EXPECT_THAT(seen_by(ben), IsEmpty());
    EXPECT_THAT(seen_by(auditor), IsEmpty());
    EXPECT_THAT(auditor.get("/events?limit=200").body, Not(HasSubstr("ada's")));
    EXPECT_EQ(ada.get("/rooms/" + room + "?as_of=" + then).status, 401);

    const json shown = look(auditor, messages, then).json().at("items");
    ASSERT_EQ(shown.size(), 3U) << "what was said is gone, that it was said is not";
    EXPECT_EQ(shown.at(0).at("text"), "ben was here first");
    EXPECT_EQ(shown.at(1).at("seq"), seq);
    EXPECT_EQ(shown.at(1).at("sender_id"), ada.id());
    EXPECT_TRUE(shown.at(1).at("text").is_null());
    EXPECT_TRUE(shown.at(1).at("metadata").is_null());
    EXPECT_FALSE(shown.at(1).at("edited_at").is_null());
    EXPECT_EQ(shown.at(2).at("seq"), gone);

    server.kill9();
    server.start();
    EXPECT_THAT(seen_by(auditor), IsEmpty()) << "nor after a crash";
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
