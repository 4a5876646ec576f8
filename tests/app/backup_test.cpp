#include "tests/app/server_test.hpp"
#include "tests/support/server_child.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <thread>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

// A server whose data is backed up while it runs, as an operator does it.
class BackupOfAServer : public ::testing::Test {
protected:
    TemporaryFolder folder;
    const fs::path backups = folder.path() / "backups";
    const fs::path keys = folder.path() / "keys";
    const fs::path restored = folder.path() / "restored";
    ServerProcess server{{.binary = testing::server_binary(), .data = folder.path() / "data"}};

    static Finished run(std::vector<std::string> arguments) {
        return run_to_end(
            {.binary = testing::server_binary(),
             .arguments = std::move(arguments),
             .environment = {}}
        );
    }
    std::vector<std::string> backup_arguments() const {
        return {
            "backup",
            "--data",
            server.data().string(),
            "--to",
            backups.string(),
            "--keys-to",
            keys.string(),
            "--json"};
    }
    json back_up() const {
        const Finished done = run(backup_arguments());
        EXPECT_EQ(done.exit_code, 0) << done.standard_error;
        return json::parse(done.standard_output, nullptr, false);
    }
    json restore() const {
        const Finished done = run(
            {"restore",
             "--from",
             backups.string(),
             "--data",
             restored.string(),
             "--keys-from",
             keys.string(),
             "--json"}
        );
        EXPECT_EQ(done.exit_code, 0) << done.standard_error;
        return json::parse(done.standard_output, nullptr, false);
    }
    static std::string epoch_of(Person& who) {
        WsClient feed = who.feed();
        const auto welcome = feed.read_until("welcome");
        return welcome ? welcome->at("epoch").get<std::string>() : std::string();
    }
    static std::string cursor(std::uint64_t after, const std::string& epoch) {
        return "after=" + std::to_string(after) + "&epoch=" + epoch;
    }
};

TEST_F(BackupOfAServer, HoldsWhatWasAcknowledgedBeforeItWhileMessagesGoOn) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    std::atomic<bool> done{false};
    std::thread sender([&, writer = std::make_shared<Person>(alice)] {
        while (!done) writer->say(room, "meanwhile");
    });
    const std::uint64_t said = alice.say(room, "before the first");
    back_up();
    const std::uint64_t said_later = alice.say(room, "before the second");
    const json second = back_up();
    done = true;
    sender.join();
    EXPECT_EQ(second.at("backup"), 2);

    EXPECT_EQ(server.terminate(), 0);
    const json report = restore();
    EXPECT_EQ(report.at("kept_to"), second.at("head"));
    server.options().data = restored;
    server.start();
    const std::string messages = "/rooms/" + room + "/messages/";
    EXPECT_EQ(alice.get(messages + std::to_string(said)).json().at("text"), "before the first");
    EXPECT_EQ(
        alice.get(messages + std::to_string(said_later)).json().at("text"), "before the second"
    );
    EXPECT_GT(alice.say(room, "it goes on"), said_later);
    const Finished audit = run({"audit", "verify", "--data", restored.string(), "--json"});
    EXPECT_EQ(audit.exit_code, 0) << audit.standard_output << audit.standard_error;
}

TEST_F(BackupOfAServer, LetsNoClientSkipPositionsThatAreWrittenAgainAfterARestore) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::string old_epoch = epoch_of(alice);
    const std::uint64_t head = back_up().at("head");
    alice.say(room, "lost");
    alice.say(room, "lost too");
    EXPECT_EQ(server.terminate(), 0);
    restore();
    server.options().data = restored;
    server.start();
    alice.say(room, "in the place of what was lost");
    EXPECT_EQ(alice.feed(cursor(head, old_epoch)).close_code(), 4410u);
    EXPECT_EQ(alice.feed(cursor(1, old_epoch)).close_code(), 4410u);
    const std::string epoch = epoch_of(alice);
    EXPECT_NE(epoch, old_epoch);
    EXPECT_FALSE(alice.feed(cursor(head, epoch)).read_until_caught_up().empty());
    const json epochs = alice.get("/audit/epochs").json().at("epochs");
    ASSERT_EQ(epochs.size(), 1U);
    EXPECT_EQ(epochs.front().at("previous"), old_epoch);
    EXPECT_EQ(epochs.front().at("kept_to"), head);
    EXPECT_EQ(epochs.front().at("position"), head + 1);
    EXPECT_EQ(epochs.front().at("cause"), "restored");
}

TEST_F(BackupOfAServer, IsAskedForByNobodyButTheServersOwnUser) {
    struct stat status {};
    ASSERT_EQ(::stat((server.data() / "control.sock").c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(server.terminate(), 0);
    EXPECT_FALSE(fs::exists(server.data() / "control.sock"));
}

TEST_F(BackupOfAServer, KeepsThePreviousOneWhenItOrTheServerIsKilled) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::uint64_t head = back_up().at("head");
    for (const bool kills_server : {false, true}) {
        alice.say(room, "later");
        ServerChild killed(
            {.binary = testing::server_binary(), .arguments = backup_arguments(), .environment = {}}
        );
        if (kills_server)
            server.kill9();
        else
            killed.send_signal(SIGKILL);
        EXPECT_TRUE(killed.wait(std::chrono::seconds(30)).has_value());
        if (kills_server) server.start();
    }
    const Finished first = run(
        {"restore",
         "--from",
         backups.string(),
         "--backup",
         "1",
         "--data",
         restored.string(),
         "--json"}
    );
    ASSERT_EQ(first.exit_code, 0) << first.standard_error;
    EXPECT_EQ(json::parse(first.standard_output).at("kept_to"), head);
    EXPECT_GT(back_up().at("head").get<std::uint64_t>(), head) << "and the next one is whole";
}

TEST_F(BackupOfAServer, SaysWhyTheServerCannotWriteThere) {
    const fs::path file = folder.path() / "file";
    std::fclose(std::fopen(file.c_str(), "w"));
    const Finished refused =
        run({"backup", "--data", server.data().string(), "--to", (file / "backups").string()});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr(file.string()));
}

TEST_F(BackupOfAServer, IsNotNeededToGoOnAfterALossThatIsAccepted) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::string messages = "/rooms/" + room + "/messages";
    const std::string old_epoch = epoch_of(alice);
    EXPECT_EQ(server.terminate(), 0);
    fs::copy(server.data() / "log", folder.path() / "old", fs::copy_options::recursive);
    server.start();
    alice.say(room, "lost");
    alice.say(room, "lost too");
    EXPECT_EQ(server.terminate(), 0);
    fs::remove_all(server.data() / "log");
    fs::rename(folder.path() / "old", server.data() / "log");
    server.start();
    EXPECT_EQ(alice.post(messages, {{"text", "x"}}).status, 503);

    const std::vector<std::string> command{
        "log", "accept-loss", "--data", server.data().string(), "--json"};
    EXPECT_EQ(run(command).exit_code, 1) << "not while a server runs";
    EXPECT_EQ(server.terminate(), 0);
    const Finished accepted = run(command);
    ASSERT_EQ(accepted.exit_code, 0) << accepted.standard_error;
    const json report = json::parse(accepted.standard_output);
    EXPECT_EQ(report.at("lost_to").get<int>(), report.at("kept_to").get<int>() + 2);
    server.start();
    EXPECT_GT(alice.say(room, "it goes on"), 0u);
    EXPECT_EQ(alice.feed(cursor(1, old_epoch)).close_code(), 4410u);
    EXPECT_EQ(run(command).exit_code, 1);
}

}  // namespace

}  // namespace verbatim::testing
