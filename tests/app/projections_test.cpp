#include "projections/views.hpp"
#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>
#include <set>
#include <stop_token>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// A server of its own, on which `root` is an admin, and its data while it does not run.
class Projections : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(server.terminate(), 0);
        ASSERT_EQ(tool({"user", "grant", "root", "admin"}).exit_code, 0);
        server.start();
    }
    Finished tool(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--data", server.data().string()});
        return run_to_end(
            {.binary = server_binary(), .arguments = std::move(arguments), .environment = {}}
        );
    }
    // `verbatim projections` asks the server.
    Finished at_server(std::vector<std::string> arguments, const std::string& token) const {
        arguments.insert(arguments.begin(), "projections");
        const std::string url = "http://127.0.0.1:" + std::to_string(server.http_port());
        arguments.insert(arguments.end(), {"--url", url});
        return run_to_end(
            {.binary = server_binary(),
             .arguments = std::move(arguments),
             .environment = {{"VERBATIM_TOKEN", token}}}
        );
    }
    Finished at_server(std::vector<std::string> arguments) const {
        return at_server(std::move(arguments), root.token());
    }
    json projection(const std::string& name) {
        const json listed = root.get("/projections").json();
        for (const json& each : listed.at("items"))
            if (each.at("name") == name) return each;
        return nullptr;
    }
    // Begins a rebuild and waits for its end: what the list then says of it.
    json rebuild(const std::string& name, const json& body = nullptr) {
        const HttpAnswer begun = root.post("/projections/" + name + "/rebuild", body);
        EXPECT_EQ(begun.status, 202) << begun.body;
        EXPECT_EQ(begun.json().at("name"), name);
        json seen = projection(name);
        while (!seen.at("rebuild").is_null()) seen = projection(name);
        return seen;
    }
    // Puts a row into the live column of a view. Requires: no server runs.
    void plant(std::size_t view, const std::string& key, const std::string& value) const {
        auto storage = open_views_storage((server.data() / "views").string());
        ASSERT_TRUE(storage);
        auto batch = (*storage)->new_batch();
        batch->put(view, key, value);
        ASSERT_TRUE((*storage)->write(std::move(batch), Durability::synced));
    }

    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person root{server, "root"};
    Person alice{server, "alice"};
};

TEST_F(Projections, AreListedToAdminsOnly) {
    const json listed = root.get("/projections").json();
    std::vector<std::string> names;
    for (const json& each : listed.at("items")) {
        names.push_back(each.at("name"));
        EXPECT_EQ(each.at("state"), "live");
        EXPECT_TRUE(each.at("rebuilt_at").is_null());
    }
    std::vector<std::string> wanted = Views::names();
    wanted.emplace_back("search");
    EXPECT_EQ(names, wanted);
    EXPECT_EQ(listed.at("items").at(0).at("lag"), 0);
    EXPECT_TRUE(is_problem(alice.get("/projections"), 403, "not_allowed"));
    EXPECT_TRUE(is_problem(alice.post("/projections/users/rebuild"), 403, "not_allowed"));
    EXPECT_TRUE(is_problem(root.post("/projections/nothing/rebuild"), 404, "not_found"));
    EXPECT_TRUE(
        is_invalid(root.post("/projections/users/rebuild", {{"compare_only", 1}}), "compare_only")
    );
}

TEST_F(Projections, AreRebuiltWhileEverybodyGoesOnTalking) {
    const std::string room = alice.create_room();
    std::uint64_t last = 0;
    std::jthread talker([&](const std::stop_token& stopped) {
        Person talking(alice);
        for (int i = 0; !stopped.stop_requested(); ++i) {
            last = talking.say(room, "message " + std::to_string(i));
            const HttpAnswer shown =
                talking.get("/rooms/" + room + "/messages/" + std::to_string(last));
            EXPECT_EQ(shown.status, 200) << shown.body;
        }
    });
    std::vector<std::string> names = Views::names();
    names.emplace_back("search");
    for (const std::string& name : names) {
        const json rebuilt = rebuild(name);
        EXPECT_TRUE(rebuilt.at("last").at("failure").is_null()) << rebuilt;
        EXPECT_TRUE(rebuilt.at("last").at("difference").is_null()) << rebuilt;
        EXPECT_EQ(rebuilt.at("rebuilt_at").is_null(), name == "search") << rebuilt;
    }
    talker.request_stop();
    talker.join();
    std::set<std::uint64_t> seqs;
    for (const json& message : alice.all_pages("/rooms/" + room + "/messages?after=0&limit=200"))
        seqs.insert(message.at("seq").get<std::uint64_t>());
    EXPECT_EQ(*seqs.rbegin(), last);
    EXPECT_EQ(seqs.size(), last - *seqs.begin() + 1) << "nothing is missing";

    // The log says the same.
    ASSERT_EQ(server.terminate(), 0);
    const Finished compared = tool({"projections", "diff", "all"});
    EXPECT_EQ(compared.exit_code, 0) << compared.standard_output << compared.standard_error;
    server.start();
    EXPECT_FALSE(projection("users").at("rebuilt_at").is_null()) << "remembered over the restart";
}

TEST_F(Projections, NameARowThatWasPlantedOnlineAndWithTheTool) {
    ASSERT_EQ(server.terminate(), 0);
    plant(0, "nmallory", "nobody");
    const Finished compared = tool({"projections", "diff", "users"});
    EXPECT_EQ(compared.exit_code, 1) << compared.standard_error;
    EXPECT_THAT(compared.standard_output, HasSubstr("it had differed first at username mallory"));
    EXPECT_THAT(compared.standard_output, HasSubstr("in the view:  nobody"));
    EXPECT_THAT(compared.standard_output, HasSubstr("from the log: nothing"));

    server.start();
    for (const bool compare_only : {true, false}) {
        const json found = rebuild("users", {{"compare_only", compare_only}});
        const json& difference = found.at("last").at("difference");
        EXPECT_EQ(difference.at("row"), "username mallory");
        EXPECT_EQ(difference.at("live"), "nobody");
        EXPECT_TRUE(difference.at("fresh").is_null());
    }
    EXPECT_TRUE(rebuild("users").at("last").at("difference").is_null()) << "it was put right";
    const auto reads = root.all_pages("/events?type=audit.read");
    ASSERT_FALSE(reads.empty());
    EXPECT_EQ(reads.front().at("data").at("what"), "GET /api/v1/projections")
        << "it has shown what was in a row";
    const Finished refused = tool({"projections", "rebuild", "users"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.standard_error, HasSubstr("stop it first, or ask it as an admin"));
}

TEST_F(Projections, AreListedRebuiltAndComparedByTheToolOnALiveServer) {
    alice.say(alice.create_room(), "hello");
    const Finished listed = at_server({"list"});
    EXPECT_EQ(listed.exit_code, 0) << listed.standard_error;
    for (const std::string& name : Views::names())
        EXPECT_THAT(listed.standard_output, HasSubstr("\n" + name + ' ')) << name;
    EXPECT_THAT(listed.standard_output, HasSubstr("search "));

    const Finished rebuilt = at_server({"rebuild", "all"});
    EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.standard_error;
    EXPECT_THAT(rebuilt.standard_output, HasSubstr("users was rebuilt up to position "));
    EXPECT_THAT(rebuilt.standard_output, HasSubstr("ms: no difference\n"));
    EXPECT_FALSE(projection("users").at("rebuilt_at").is_null());
    EXPECT_EQ(alice.get("/users/me").status, 200) << "it has served meanwhile";

    const Finished compared = at_server({"diff", "room_timeline", "--json"});
    EXPECT_EQ(compared.exit_code, 0) << compared.standard_error;
    const json line = json::parse(compared.standard_output);
    EXPECT_EQ(line.at("name"), "room_timeline");
    EXPECT_EQ(line.at("last").at("compare_only"), true);
}

TEST_F(Projections, AreComparedByTheToolOnALiveServerThatShowsAnotherRow) {
    ASSERT_EQ(server.terminate(), 0);
    plant(0, "nmallory", "nobody");
    server.start();
    const Finished compared = at_server({"diff", "users"});
    EXPECT_EQ(compared.exit_code, 1) << compared.standard_error;
    EXPECT_THAT(compared.standard_output, HasSubstr("it had differed first at username mallory"));
    EXPECT_THAT(compared.standard_output, HasSubstr("in the view:  nobody"));
    EXPECT_THAT(compared.standard_output, HasSubstr("from the log: nothing"));
    EXPECT_EQ(at_server({"rebuild", "users"}).exit_code, 1) << "it was put right";
    EXPECT_EQ(at_server({"diff", "users"}).exit_code, 0);
}

TEST_F(Projections, SayWhyTheToolCannotAskALiveServer) {
    const Finished unknown = at_server({"rebuild", "nothing"});
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_THAT(unknown.standard_error, HasSubstr("there is no projection nothing"));
    const Finished refused = at_server({"list"}, alice.token());
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.standard_error, HasSubstr("403 not_allowed"));
    EXPECT_THAT(refused.standard_error, HasSubstr("an admin"));
    EXPECT_THAT(at_server({"list"}, "").standard_error, HasSubstr("--token"));
    ASSERT_EQ(server.terminate(), 0);
    const Finished nobody = at_server({"list"});
    EXPECT_EQ(nobody.exit_code, 2);
    EXPECT_THAT(nobody.standard_error, HasSubstr("127.0.0.1"));
    server.start();
}

TEST_F(Projections, AreAsTheyWereAfterAKillInTheMiddleOfARebuild) {
    const std::string room = alice.create_room();
    for (int i = 0; i < 50; ++i) alice.say(room, "message " + std::to_string(i));
    ASSERT_EQ(root.post("/projections/room_timeline/rebuild").status, 202);
    ASSERT_EQ(root.post("/projections/search/rebuild").status, 202);
    server.kill9();
    server.start();
    EXPECT_EQ(alice.all_pages("/rooms/" + room + "/messages?limit=200").size(), 50u);
    ASSERT_EQ(server.terminate(), 0);
    EXPECT_EQ(tool({"projections", "diff", "all"}).exit_code, 0);
    EXPECT_EQ(tool({"projections", "rebuild", "room_timeline"}).exit_code, 0);
    const Finished listed = tool({"projections", "list"});
    EXPECT_EQ(listed.exit_code, 0);
    EXPECT_THAT(listed.standard_output, HasSubstr("room_timeline"));
}

}  // namespace

}  // namespace verbatim::testing
