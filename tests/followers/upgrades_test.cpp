#include "eventstore/delivery.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "tests/api/test_server.hpp"
#include "tests/followers/cluster.hpp"

#include <atomic>
#include <gmock/gmock.h>

// Followers are upgraded before their leader: what happens otherwise.
namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t next_format = log_format + 1;

// Stands between a follower and its leader, and speaks as a leader of a later build does, once it
// is upgraded: what it gives needs `next_format` to be read.
class Upgradable {
public:
    explicit Upgradable(std::uint16_t leader) : leader_(leader) {}

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    void upgrade() { is_newer_ = true; }

private:
    api::RouteTable routes() {
        api::RouteTable table;
        for (const char* const path : {"/internal/log", "/internal/head", "/.well-known/jwks.json"})
            table.add(api::Method::get, path, [this, path](const auto& request, const auto& reply) {
                reply->send(answer(path, *request));
            });
        return table;
    }
    api::HttpResponse answer(const std::string& path, const api::HttpRequest& request) const {
        const std::string* const after = request.query_value("after");
        const std::string* const secret = request.header("authorization");
        const auto given = HttpClient(leader_).ask(
            "GET",
            path + (after == nullptr ? "" : "?after=" + *after),
            {{"Authorization", secret == nullptr ? "" : *secret}}
        );
        api::HttpResponse response;
        response.status = given ? given->status : 502;
        if (given) response.body = given->body;
        auto delivery = parse_delivery(response.body);
        if (!delivery) return response;
        if (is_newer_) delivery->min_reader = next_format;
        response.body = encode_delivery(*delivery);
        return response;
    }

    const std::uint16_t leader_;
    std::atomic<bool> is_newer_{false};
    api::test::TestServer server_{routes()};
};

std::string names_both_formats() {
    return "needs format " + std::to_string(next_format) + " to be read; this build has format " +
           std::to_string(log_format);
}

TEST(Upgrade, OfTheLeaderFirstIsRefusedByAFollowerThatStarts) {
    Cluster cluster;
    Upgradable leader(cluster.leader().http_port());
    leader.upgrade();
    cluster.to_leader().aim(leader.port());
    const Finished refused = run_follower(cluster, "follower");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("written_by_newer_build"));
    EXPECT_THAT(refused.standard_error, HasSubstr(names_both_formats()));
    EXPECT_THAT(refused.standard_error, HasSubstr("Upgrade followers before their leader"));
}

TEST(Upgrade, OfTheLeaderFirstEndsWhatAFollowerServes) {
    Cluster cluster;
    Person ada(cluster.leader(), "ada");
    const std::string room = ada.create_room();
    Upgradable leader(cluster.leader().http_port());
    cluster.to_leader().aim(leader.port());
    ServerProcess& follower = cluster.follow("follower");
    auto feed = feed_at(follower, ada, "room=" + room);
    ASSERT_TRUE(feed.read_until("caught_up"));
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 200);

    leader.upgrade();
    EXPECT_EQ(feed.close_code(), 1001u);
    EXPECT_TRUE(comes_true([&] { return ask_once(follower, "GET", "/readyz").status == 503; }));
    EXPECT_EQ(readiness(follower)["reason"], "written_by_newer_build");
    const auto query = ask(follower, ada, "GET", "/rooms/" + room);
    EXPECT_EQ(query.status, 503);
    EXPECT_EQ(query.json()["reason"], "written_by_newer_build") << query.body;
    const auto command = say_at(follower, ada, room, "to nobody");
    EXPECT_EQ(command.status, 503);
    EXPECT_EQ(command.json()["reason"], "written_by_newer_build") << command.body;
    EXPECT_THAT(follower.standard_error(), HasSubstr(names_both_formats()));
    EXPECT_THAT(follower.standard_error(), HasSubstr("Upgrade followers before the leader"));
    EXPECT_EQ(say_at(cluster.leader(), ada, room, "to the leader").status, 201);

    // Nothing of the copy was harmed: with a leader that it can read, it goes on.
    EXPECT_EQ(follower.terminate(), 0);
    cluster.to_leader().aim(cluster.leader().http_port());
    follower.start();
    EXPECT_EQ(ask(follower, ada, "GET", "/rooms/" + room).status, 200);
}

// A later build has led with it, and has written what this one cannot read.
TEST(Upgrade, IsNotTakenBackByAnOlderLeader) {
    Cluster cluster;
    EXPECT_EQ(cluster.leader().terminate(), 0);
    {
        const auto storage = open_log_storage(cluster.path("leader") / "log").value();
        const auto stored = storage->get(EventLog::meta, meta_key).value();
        auto meta = parse_meta_value(stored.value()).value();
        meta.min_reader = next_format;
        auto batch = storage->new_batch();
        batch->put(EventLog::meta, meta_key, meta_value(meta));
        ASSERT_TRUE(storage->write(std::move(batch), Durability::synced).has_value());
    }
    const Finished refused = run_to_end(
        {.binary = server_binary(),
         .arguments =
             {"serve",
              "--data",
              cluster.path("leader").string(),
              "--http-port",
              "0",
              "--feed-port",
              "0"},
         .environment = {}}
    );
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("written_by_newer_build"));
}

}  // namespace
}  // namespace verbatim::testing
