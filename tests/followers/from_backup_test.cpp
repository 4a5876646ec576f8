#include "eventstore/event_log.hpp"
#include "tests/followers/cluster.hpp"

#include <gmock/gmock.h>

// verbatim follow --from-backup DIR
namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// A leader with some history, of which there is a backup.
class FollowerFromABackup : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(bea.post("/rooms/" + room + "/join").status, 200);
        forgotten = say_at(cluster.leader(), bea, room, "to be forgotten");
        ASSERT_EQ(forgotten.status, 201) << forgotten.body;
        back_up();
    }
    void back_up() {
        const Finished done = run_to_end(
            {.binary = server_binary(),
             .arguments =
                 {"backup",
                  "--data",
                  cluster.leader().data().string(),
                  "--to",
                  cluster.path("backups").string()},
             .environment = {}}
        );
        ASSERT_EQ(done.exit_code, 0) << done.standard_error;
    }
    [[nodiscard]] std::vector<std::string> from_backup() const {
        return {"--from-backup", cluster.path("backups").string()};
    }
    [[nodiscard]] std::string path_of(const HttpAnswer& sent) const {
        return messages_of(room) + "/" + std::to_string(sent.room_seq());
    }
    [[nodiscard]] std::unique_ptr<EventLog> open_log(const std::string& name) const {
        return open_rocks_event_log(
                   (cluster.path(name) / "log").string(),
                   [](std::span<std::uint8_t>) {},
                   LogOrigin{}
        )
            .value();
    }

    Cluster cluster;
    Person ada{cluster.leader(), "ada"};
    Person bea{cluster.leader(), "bea"};
    const std::string room = ada.create_room();
    HttpAnswer forgotten;
};

TEST_F(FollowerFromABackup, GoesOnFromWhereTheBackupEndsInTheSameEpoch) {
    const auto said = say_at(cluster.leader(), ada, room, "after the backup");
    const ServerProcess& follower = cluster.follow("copied", from_backup());
    EXPECT_THAT(follower.standard_error(), HasSubstr("has positions 1 to"));
    const auto last = say_at(follower, ada, room, "through the follower");
    ASSERT_EQ(last.status, 201) << last.body;
    for (const std::string& path : {messages_of(room), "/rooms/" + room + "/members"})
        EXPECT_EQ(
            ask_at(follower, ada, last.position(), path).body,
            ask(cluster.leader(), ada, "GET", path).body
        );
    EXPECT_EQ(ask(follower, ada, "GET", path_of(said)).json()["text"], "after the backup");

    EXPECT_EQ(cluster.node(1).terminate(), 0);
    EXPECT_EQ(cluster.leader().terminate(), 0);
    const auto copy = open_log("copied");
    const auto original = open_log("leader");
    EXPECT_EQ(copy->epoch(), original->epoch());
    EXPECT_EQ(copy->tree_head(), original->tree_head());
    EXPECT_TRUE(copy->origin().is_replica);
    EXPECT_FALSE(fs::exists(cluster.path("copied") / "keys" / "log.key"));
}

TEST_F(FollowerFromABackup, DestroysWhatWasErasedSinceTheBackup) {
    const auto erased =
        ask(cluster.leader(), bea, "DELETE", "/users/me", {{"password", Person::usual_password}});
    ASSERT_LT(erased.status, 300) << erased.body;
    ServerProcess& follower = cluster.follow("copied", from_backup());
    EXPECT_TRUE(comes_true([&] {
        return readiness(follower)["log_position"] == readiness(cluster.leader())["log_position"];
    }));
    EXPECT_TRUE(comes_true([&] {
        return ask(follower, ada, "GET", path_of(forgotten)).json()["text"].is_null();
    }));
    EXPECT_EQ(follower.terminate(), 0);
    const auto stored = open_log("copied")->read_stored(Position(forgotten.position())).value();
    ASSERT_EQ(stored.contents.size(), 1u);
    EXPECT_FALSE(stored.contents.front().has_value());
}

TEST_F(FollowerFromABackup, IsRefusedADirectoryThatHoldsSomething) {
    fs::create_directories(cluster.path("used"));
    std::ofstream(cluster.path("used") / "letter") << "dear friend";
    const Finished refused = run_follower(cluster, "used", from_backup());
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("is not empty"));
    EXPECT_FALSE(fs::exists(cluster.path("used") / "log"));

    EXPECT_EQ(cluster.follow("copied", from_backup()).terminate(), 0);
    EXPECT_THAT(
        run_follower(cluster, "copied", from_backup()).standard_error, HasSubstr("is not empty")
    );
    EXPECT_EQ(cluster.follow("copied").terminate(), 0) << "without the option it goes on";
}

TEST_F(FollowerFromABackup, BeginsAnewWhereItWasInterrupted) {
    fs::create_directories(cluster.path("half") / "log");
    std::ofstream(cluster.path("half") / "unfinished") << "a copy of a backup";
    const Finished refused = run_follower(cluster, "half");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("Begin it anew"));
    ServerProcess& follower = cluster.follow("half", from_backup());
    EXPECT_EQ(ask(follower, ada, "GET", path_of(forgotten)).json()["text"], "to be forgotten");
}

TEST_F(FollowerFromABackup, IsRefusedTheBackupOfAnotherLog) {
    const ServerProcess other(
        {.binary = server_binary(),
         .data = cluster.path("other"),
         .arguments = cluster.leader().options().arguments}
    );
    cluster.to_leader().aim(other.http_port());
    const Finished refused = run_follower(cluster, "copied", from_backup());
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("is of the epoch"));
    EXPECT_FALSE(fs::exists(cluster.path("copied"))) << "nothing was put there";
}

TEST_F(FollowerFromABackup, IsRefusedADamagedBackup) {
    for (const auto& entry :
         fs::recursive_directory_iterator(cluster.path("backups") / "log" / "shared_checksum"))
        fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
    for (const auto& entry :
         fs::recursive_directory_iterator(cluster.path("backups") / "log" / "private"))
        if (entry.path().extension() == ".log")
            fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
    const Finished refused = run_follower(cluster, "copied", from_backup());
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("--from-backup: "));
    EXPECT_THAT(run_follower(cluster, "copied").standard_error, HasSubstr("Begin it anew"));
}

TEST_F(FollowerFromABackup, IsNoLeader) {
    const Finished refused = run_to_end(
        {.binary = server_binary(),
         .arguments = {"serve", "--from-backup", cluster.path("backups").string()},
         .environment = {}}
    );
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.standard_error, HasSubstr("verbatim follow"));
}

}  // namespace
}  // namespace verbatim::testing
