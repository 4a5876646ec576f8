#include "tests/app/server_test.hpp"

#include <filesystem>
#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::ElementsAre;

// What the tool is told about the data directory of a server.
Finished user_tool(const ServerProcess& server, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "user");
    arguments.insert(arguments.end(), {"--data", server.data().string()});
    return run_to_end(
        {.binary = server_binary(), .arguments = std::move(arguments), .environment = {}}
    );
}

// A server of its own, on which `root` is an admin.
class Admin : public ::testing::Test {
protected:
    void SetUp() override {
        EXPECT_EQ(server.terminate(), 0);
        const Finished granted = user_tool(server, {"grant", "root", "admin"});
        ASSERT_EQ(granted.exit_code, 0) << granted.standard_error;
        server.start();
    }
    static std::string role_path(const Person& who, const std::string& role) {
        return "/admin/users/" + who.id() + "/roles/" + role;
    }
    // The last events of this type that the log holds, as auditors read them.
    static std::vector<json> events(Person& auditor, const std::string& type) {
        return auditor.all_pages("/events?type=" + type);
    }
    static std::vector<std::string> read_by(Person& auditor, const Person& who) {
        std::vector<std::string> what;
        for (const json& event : events(auditor, "audit.read")) {
            if (event.at("actor_id") != who.id()) continue;
            const json& room = event.at("data").at("room_id");
            what.push_back(
                event.at("data").at("what").get<std::string>() + (room.is_null() ? "" : " room")
            );
        }
        return what;
    }

    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person root{server, "root"};
    Person alice{server, "alice"};
    Person bob{server, "bob"};
};

TEST_F(Admin, GrantsAndRevokesRolesOnceEach) {
    const HttpAnswer granted = root.put(role_path(alice, "auditor"));
    ASSERT_EQ(granted.status, 200) << granted.body;
    EXPECT_EQ(granted.json().at("roles"), json({"auditor"}));
    EXPECT_EQ(granted.json().at("receipt").at("position"), granted.position());
    const HttpAnswer again = root.put(role_path(alice, "auditor"));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.position(), granted.position()) << "already so: no event";

    EXPECT_EQ(alice.get("/events").status, 200);
    const HttpAnswer revoked = root.del(role_path(alice, "auditor"));
    EXPECT_EQ(revoked.status, 204);
    EXPECT_GT(revoked.position(), granted.position());
    EXPECT_EQ(root.del(role_path(alice, "auditor")).position(), revoked.position());
    EXPECT_TRUE(is_problem(alice.get("/events"), 403, "not_allowed"));

    const auto grants = events(root, "user.role_granted");
    ASSERT_EQ(grants.size(), 2u);
    EXPECT_EQ(grants.at(1).at("actor_id"), root.id()) << "who granted it is on record";
    EXPECT_EQ(grants.at(1).at("data"), json({{"user_id", alice.id()}, {"role", "auditor"}}));
    EXPECT_EQ(events(root, "user.role_revoked").size(), 1u);
}

TEST_F(Admin, IsNeededForAccountsAndRoles) {
    ASSERT_EQ(root.put(role_path(bob, "auditor")).status, 200);
    for (Person* who : {&alice, &bob}) {
        EXPECT_TRUE(is_problem(who->get("/admin/users"), 403, "not_allowed"));
        EXPECT_TRUE(is_problem(who->put(role_path(*who, "admin")), 403, "not_allowed"));
        EXPECT_TRUE(is_problem(who->del(role_path(root, "admin")), 403, "not_allowed"));
    }
    EXPECT_TRUE(is_problem(ask_once(server, "GET", "/api/v1/admin/users"), 401, "not_authenticated")
    );
    // An API key of an admin's is none for rights.
    const json key =
        root.post("/users/me/keys", {{"name", "bot"}, {"scopes", {"read", "send"}}}).json();
    const Headers bearer = {{"Authorization", "Bearer " + key.at("key").get<std::string>()}};
    EXPECT_TRUE(is_problem(
        ask_once(server, "PUT", "/api/v1" + role_path(alice, "admin"), bearer), 403, "not_allowed"
    ));
}

TEST_F(Admin, IsToldWhatThereIsNot) {
    EXPECT_TRUE(is_problem(root.put(role_path(alice, "owner")), 404, "not_found"));
    EXPECT_TRUE(is_problem(root.put("/admin/users/nobody/roles/admin"), 404, "user_not_found"));
    EXPECT_TRUE(is_problem(
        root.put("/admin/users/user_01h455vb4pex5vsknk084sn02q/roles/admin"), 404, "user_not_found"
    ));
    EXPECT_TRUE(is_invalid(root.get("/admin/users?role=owner"), "role"));
    EXPECT_TRUE(is_invalid(root.get("/admin/users?after=x"), "after"));
    EXPECT_TRUE(is_invalid(root.get("/admin/users?limit=201"), "limit"));
}

TEST_F(Admin, ListsAccountsInPagesByIdNameAndRole) {
    ASSERT_EQ(root.put(role_path(bob, "auditor")).status, 200);
    const auto names = [&](const std::string& query) {
        std::vector<std::string> found;
        for (const json& account : root.all_pages("/admin/users?limit=1" + query))
            found.push_back(account.at("username"));
        return found;
    };
    EXPECT_THAT(names(""), ElementsAre("root", "alice", "bob"));
    EXPECT_THAT(names("&q=BO"), ElementsAre("bob"));
    EXPECT_THAT(names("&role=auditor"), ElementsAre("bob"));
    EXPECT_THAT(names("&role=auditor&q=ro"), ElementsAre());
    EXPECT_THAT(names("&role=admin"), ElementsAre("root"));

    const json first = root.get("/admin/users?q=bob").json().at("items").at(0);
    EXPECT_EQ(first.at("user_id"), bob.id());
    EXPECT_EQ(first.at("roles"), json({"auditor"}));
    EXPECT_EQ(first.at("sessions"), 1);
    EXPECT_EQ(first.at("erased"), false);
}

TEST_F(Admin, MayTakeItsOwnRoleBackTheLastOneToo) {
    EXPECT_EQ(root.del(role_path(root, "admin")).status, 204);
    EXPECT_TRUE(is_problem(root.get("/admin/users"), 403, "not_allowed"));
    ASSERT_EQ(server.terminate(), 0);
    EXPECT_EQ(user_tool(server, {"grant", root.id(), "admin"}).exit_code, 0);
    server.start();
    EXPECT_EQ(root.get("/admin/users").status, 200);
}

TEST_F(Admin, IsOnRecordOnceAMinuteWithWhatItReadsByRightOfItsRole) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(root.get("/admin/users").status, 200);
    EXPECT_THAT(read_by(root, root), ElementsAre("GET /api/v1/admin/users", "GET /api/v1/events"));
}

TEST_F(Admin, SeesAuditorsOnRecordForEachRoomThatTheyLookInto) {
    ASSERT_EQ(root.put(role_path(bob, "auditor")).status, 200);
    const std::string room = alice.create_room({{"visibility", "private"}});
    const std::string other = alice.create_room({{"visibility", "private"}});
    const std::string now =
        std::to_string(alice.post("/rooms/" + room + "/messages", {{"text", "here"}}).position());
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(bob.get("/rooms/" + room + "/events").status, 200);
        EXPECT_EQ(bob.get("/rooms/" + other + "/events").status, 200);
        EXPECT_EQ(bob.get("/events?room_id=" + room).status, 200);
        EXPECT_EQ(bob.get("/events", {{"Accept", "application/x-ndjson"}}).status, 200);
    }
    EXPECT_EQ(bob.get("/rooms/" + room + "/messages?as_of=1").status, 404);
    EXPECT_EQ(bob.get("/rooms/" + room + "/messages?as_of=" + now).status, 200);
    // What everybody may is not recorded, nor what was refused.
    EXPECT_EQ(bob.get("/users/me").status, 200);
    EXPECT_EQ(bob.get("/events?limit=0").status, 422);
    EXPECT_EQ(alice.get("/rooms/" + room + "/events").status, 200);
    EXPECT_THAT(
        read_by(root, bob),
        ElementsAre(
            "GET /api/v1/rooms/{room_id}/events room",
            "GET /api/v1/rooms/{room_id}/events room",
            "GET /api/v1/events room",
            "GET /api/v1/events",
            "GET /api/v1/rooms/{room_id}/messages room"
        )
    );
    EXPECT_THAT(read_by(root, alice), ElementsAre());
}

TEST_F(Admin, RevokesTheRoleOfAnAuditorWhoseFeedOfEverythingThenEnds) {
    ASSERT_EQ(root.put(role_path(bob, "auditor")).status, 200);
    WsClient everything = bob.live_feed("scope=all");
    const std::string room = alice.create_room({{"visibility", "private"}});
    const auto seq = alice.say(room, "among ourselves");
    ASSERT_EQ(alice.patch("/users/me", {{"display_name", "Al"}}).status, 200);
    const HttpAnswer revoked = root.del(role_path(bob, "auditor"));
    std::vector<std::string> types;
    for (const json& event : everything.read_until_position(revoked.position())) {
        // Its own opening, which the feed may have begun before or after.
        if (event.at("type") == "audit.read") continue;
        types.push_back(event.at("type"));
        if (event.at("type") == "message.sent") {
            EXPECT_EQ(event.at("room_seq"), seq);
        }
    }
    EXPECT_THAT(
        types, ElementsAre("room.created", "message.sent", "user.renamed", "user.role_revoked")
    );
    EXPECT_EQ(everything.close_code(), 4403u);
    EXPECT_THAT(read_by(root, bob), ElementsAre("GET /api/v1/feed?scope=all"));
    EXPECT_EQ(bob.feed("scope=all").close_code(), 4403u);
}

TEST(UserTool, GrantsListsAndRevokesWhileNoServerRuns) {
    const TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    const Person alice(server, "alice");
    const Finished refused = user_tool(server, {"grant", "alice", "admin"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(
        refused.standard_error, ::testing::HasSubstr("stop it first, or ask it as an admin")
    );
    const Finished beside = user_tool(server, {"list", "--json"});
    EXPECT_EQ(beside.exit_code, 0) << beside.standard_error;
    EXPECT_EQ(json::parse(beside.standard_output).at("roles"), json::array());

    ASSERT_EQ(server.terminate(), 0);
    EXPECT_EQ(
        user_tool(server, {"grant", "ALICE", "admin"}).standard_output,
        "alice is admin from now on\n"
    );
    EXPECT_EQ(
        user_tool(server, {"grant", alice.id(), "admin"}).standard_output,
        "alice is admin already\n"
    );
    const json listed =
        json::parse(user_tool(server, {"list", "--role", "admin", "--json"}).standard_output);
    EXPECT_EQ(listed.at("user_id"), alice.id());
    EXPECT_EQ(listed.at("roles"), json({"admin"}));
    EXPECT_EQ(user_tool(server, {"list", "--role", "auditor", "--json"}).standard_output, "");
    EXPECT_EQ(
        user_tool(server, {"revoke", "alice", "admin"}).standard_output, "alice is admin no more\n"
    );
    EXPECT_EQ(
        user_tool(server, {"revoke", "alice", "admin"}).standard_output,
        "alice is not admin anyway\n"
    );
    EXPECT_EQ(user_tool(server, {"grant", "nobody", "admin"}).exit_code, 1);
    EXPECT_NE(user_tool(server, {"grant", "alice", "owner"}).exit_code, 0);
    const Finished elsewhere = run_to_end(
        {.binary = server_binary(),
         .arguments = {"user", "list", "--data", (folder.path() / "nowhere").string()},
         .environment = {}}
    );
    EXPECT_EQ(elsewhere.exit_code, 1);
    EXPECT_THAT(elsewhere.standard_error, ::testing::HasSubstr("there is no log in"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "nowhere")) << "nothing was made";
}

TEST(UserTool, ResetsAPasswordAndEndsTheSessions) {
    const TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person alice(server, "alice");
    ASSERT_EQ(server.terminate(), 0);
    const Finished unasked = user_tool(server, {"reset-password", "alice"});
    EXPECT_EQ(unasked.exit_code, 1) << "there is no terminal to ask at";
    const Finished made = user_tool(server, {"reset-password", "alice", "--generate"});
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
    const auto line = made.standard_output.find('\n');
    const std::string password =
        made.standard_output.substr(line + 1, made.standard_output.size() - line - 2);
    server.start();
    EXPECT_TRUE(is_problem(alice.get("/users/me"), 401, "not_authenticated"));
    EXPECT_EQ(alice.log_in().status, 401);
    EXPECT_EQ(alice.log_in(password).status, 201) << password;
}

}  // namespace

}  // namespace verbatim::testing
