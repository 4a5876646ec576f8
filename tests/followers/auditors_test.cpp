#include "tests/followers/cluster.hpp"
#include "tests/support/server_child.hpp"

namespace verbatim::testing {
namespace {

using nlohmann::json;

json projection(const ServerProcess& node, const Person& who, const std::string& name) {
    const HttpAnswer listed = ask(node, who, "GET", "/projections");
    EXPECT_EQ(listed.status, 200) << listed.body;
    const json all = listed.json();
    for (const json& each : all.at("items"))
        if (each.at("name") == name) return each;
    return nullptr;
}

TEST(AuditorsOnAFollower, AreOnRecordWithTheLeaderWhichAnswersThem) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    ASSERT_EQ(cluster.leader().terminate(), 0);
    for (const char* const role : {"auditor", "admin"}) {
        const Finished granted = run_to_end(
            {.binary = server_binary(),
             .arguments =
                 {"user", "grant", "ada", role, "--data", cluster.leader().data().string()},
             .environment = {}}
        );
        ASSERT_EQ(granted.exit_code, 0) << granted.standard_error;
    }
    cluster.restart_leader();
    const std::string room = ada.create_room();
    const auto last = ada.post("/rooms/" + room + "/messages", {{"text", "here"}}).position();
    const ServerProcess& follower = cluster.follow("follower");

    for (const std::string& path : {std::string("/events"), "/rooms/" + room + "/events"}) {
        const HttpAnswer read = ask_at(follower, ada, last, path);
        EXPECT_EQ(read.status, 200) << path << read.body;
    }
    const auto reads = ada.all_pages("/events?type=audit.read");
    ASSERT_EQ(reads.size(), 2u);
    EXPECT_EQ(reads.at(0).at("data").at("what"), "GET /api/v1/events");
    EXPECT_EQ(reads.at(1).at("data").at("room_id"), room);
    EXPECT_EQ(feed_at(follower, ada, "scope=all").close_code(), 1013u);

    // Its projections are its own.
    EXPECT_EQ(ask(follower, ada, "POST", "/projections/users/rebuild").status, 202);
    while (!projection(follower, ada, "users").at("rebuild").is_null()) continue;
    EXPECT_TRUE(projection(follower, ada, "users").at("last").at("failure").is_null());
    EXPECT_FALSE(projection(follower, ada, "users").at("rebuilt_at").is_null());
    EXPECT_TRUE(projection(cluster.leader(), ada, "users").at("rebuilt_at").is_null());
}

}  // namespace
}  // namespace verbatim::testing
