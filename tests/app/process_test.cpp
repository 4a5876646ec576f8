#include "tests/app/server_test.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/server_child.hpp"

#include <atomic>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>
#include <thread>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

// The process as an operator meets it: each test has its own.
class Process : public ::testing::Test {
protected:
    TemporaryFolder folder;
    ServerProcess server{{.binary = testing::server_binary(), .data = folder.path() / "data"}};

    static Finished serve(
        const fs::path& data, const std::string& http_port, const std::string& feed_port
    ) {
        return run_to_end(
            {.binary = testing::server_binary(),
             .arguments =
                 {"serve",
                  "--data",
                  data.string(),
                  "--http-port",
                  http_port,
                  "--feed-port",
                  feed_port},
             .environment = {}}
        );
    }
    HttpAnswer readiness() { return ask_once(server, "GET", "/readyz"); }
    // What commands are answered with while this node takes none.
    static void expect_paused(const HttpAnswer& answer, const std::string& reason) {
        EXPECT_TRUE(is_problem(answer, 503, "not_taking_commands"));
        EXPECT_EQ(answer.json().value("reason", ""), reason);
    }
};

TEST_F(Process, NamesTheHttpPortThatIsTaken) {
    const std::string taken = std::to_string(server.http_port());
    const Finished refused = serve(folder.path() / "other", taken, "0");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("cannot listen on 127.0.0.1:" + taken));
    EXPECT_THAT(refused.standard_error, HasSubstr("in use"));
}

TEST_F(Process, NamesTheFeedPortThatIsTaken) {
    const std::string taken = std::to_string(server.feed_port());
    const Finished refused = serve(folder.path() / "other", "0", taken);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("cannot listen on 127.0.0.1:" + taken));
    EXPECT_THAT(refused.standard_error, HasSubstr("in use"));
    EXPECT_THAT(refused.standard_error, ::testing::Not(HasSubstr("still open")));
}

TEST_F(Process, RefusesDataThatAnotherProcessHas) {
    const Finished refused = serve(server.data(), "0", "0");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr(server.data().string()));
    EXPECT_THAT(refused.standard_error, HasSubstr("another process"));
    EXPECT_EQ(readiness().status, 200) << "the first one goes on";
}

TEST_F(Process, SaysWhatIsWrongWithADataDirectoryThatCannotBe) {
    const fs::path file = folder.path() / "file";
    std::fclose(std::fopen(file.c_str(), "w"));
    const Finished refused = serve(file, "0", "0");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr(file.string()));
}

TEST_F(Process, KeepsSessionsAndHistoryOverARestart) {
    Person alice(server, "alice");
    const std::string room = alice.create_room({{"name", "kept"}});
    alice.say(room, "kept too");
    const json before = alice.get("/rooms/" + room).json();
    EXPECT_EQ(server.terminate(), 0);
    server.start();
    EXPECT_EQ(alice.get("/rooms/" + room).json(), before);
    EXPECT_GT(alice.say(room, "and on"), 0u);
}

TEST_F(Process, AnswersWhatItHasTakenBeforeItEnds) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::string messages = "/rooms/" + room + "/messages";
    std::atomic<int> acknowledged{0};
    std::vector<std::thread> senders;
    std::vector<std::vector<std::uint64_t>> seqs(4);
    for (auto& own : seqs)
        senders.emplace_back([&, sender = std::make_shared<Person>(alice)] {
            for (;;) {
                const HttpAnswer answer = sender->post(messages, {{"text", "until the end"}});
                if (answer.status != 201) return;
                own.push_back(answer.room_seq());
                acknowledged.fetch_add(1);
                acknowledged.notify_one();
            }
        });
    for (int seen = 0; seen < 100; seen = acknowledged.load()) acknowledged.wait(seen);
    EXPECT_EQ(server.terminate(), 0);
    for (std::thread& sender : senders) sender.join();

    server.start();
    std::vector<std::uint64_t> kept;
    for (const json& message : alice.all_pages(messages + "?after=0&limit=200"))
        kept.push_back(message.at("seq"));
    for (const auto& own : seqs)
        for (const std::uint64_t seq : own) EXPECT_THAT(kept, ::testing::Contains(seq));
}

TEST_F(Process, WritesItsLogAsJsonLinesWhenAsked) {
    EXPECT_EQ(server.terminate(), 0);
    server.options().arguments = {"--log-format", "json", "--log-level", "debug"};
    server.start();
    const HttpAnswer answer = ask_once(server, "GET", "/api/v1/rooms/x%22y");
    EXPECT_EQ(server.terminate(), 0);
    std::istringstream lines(server.standard_error());
    std::string line;
    bool named = false;
    while (std::getline(lines, line)) {
        const json entry = json::parse(line, nullptr, false);
        ASSERT_FALSE(entry.is_discarded()) << line;
        for (const char* member : {"at", "level", "message"})
            EXPECT_TRUE(entry.at(member).is_string()) << line;
        named |= entry.at("message").get<std::string>().find(answer.json().at("request_id")) !=
                 std::string::npos;
    }
    EXPECT_TRUE(named) << "a request's id is in its line";
}

TEST_F(Process, TakesNoCommandsWhileTheDiskIsAlmostFullAndAnswersQueries) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    alice.say(room, "while there was room");
    EXPECT_EQ(server.terminate(), 0);
    const auto free_mib = fs::space(server.data()).available >> 20;
    server.options().arguments = {
        "--rate-limits", "off", "--disk-reserve-mib", std::to_string(4 * free_mib + 1024)};
    server.start();

    expect_paused(alice.post("/rooms/" + room + "/messages", {{"text", "x"}}), "disk_almost_full");
    expect_paused(alice.log_in(), "disk_almost_full");
    EXPECT_EQ(alice.get("/rooms/" + room + "/messages").json().at("items").size(), 1u);
    EXPECT_EQ(readiness().status, 200);
    EXPECT_EQ(readiness().json().at("commands"), "disk_almost_full");
    EXPECT_FALSE(alice.feed("after=0").read_until_caught_up().empty());
    EXPECT_THAT(server.standard_error(), HasSubstr("MiB are free"));

    EXPECT_EQ(server.terminate(), 0);
    server.options().arguments = {"--rate-limits", "off"};
    server.start();
    EXPECT_GT(alice.say(room, "there is room again"), 0u);
}

TEST_F(Process, NamesThePositionsThatALogLacksAndTakesNoCommands) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::string messages = "/rooms/" + room + "/messages";
    alice.say(room, "in both logs");
    const auto old_head = alice.get("/users/me").status == 200
                              ? readiness().json().at("log_position").get<std::uint64_t>()
                              : 0;
    EXPECT_EQ(server.terminate(), 0);
    fs::copy(server.data() / "log", folder.path() / "old", fs::copy_options::recursive);
    server.start();
    alice.say(room, "lost");
    alice.say(room, "lost too");
    EXPECT_EQ(server.terminate(), 0);
    fs::remove_all(server.data() / "log");
    fs::rename(folder.path() / "old", server.data() / "log");
    server.start();

    const std::string missing = "positions " + std::to_string(old_head + 1) + " to " +
                                std::to_string(old_head + 2) + " are missing";
    EXPECT_THAT(server.standard_error(), HasSubstr(missing));
    expect_paused(alice.post(messages, {{"text", "x"}}), "log_incomplete");
    EXPECT_EQ(readiness().json().at("commands"), "log_incomplete");
    EXPECT_EQ(readiness().json().at("position"), old_head) << "views ahead of the log are rebuilt";
    EXPECT_EQ(alice.get(messages).json().at("items").size(), 1u) << "queries go on";
    // It does not forget by being started once more.
    EXPECT_EQ(server.terminate(), 0);
    server.start();
    expect_paused(alice.post(messages, {{"text", "x"}}), "log_incomplete");
}

TEST_F(Process, TakesNoCommandsWhenTheCheckpointIsMissingBesideALog) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    EXPECT_EQ(server.terminate(), 0);
    fs::remove(server.data() / "checkpoint");
    server.start();
    EXPECT_THAT(server.standard_error(), HasSubstr("checkpoint is missing"));
    const std::string messages = "/rooms/" + room + "/messages";
    expect_paused(alice.post(messages, {{"text", "x"}}), "log_incomplete");
    EXPECT_EQ(alice.get(messages).status, 200) << "queries go on";
    // It does not forget by being started once more, nor when the file is there but empty.
    EXPECT_EQ(server.terminate(), 0);
    std::ofstream(server.data() / "checkpoint").close();
    server.start();
    expect_paused(alice.post(messages, {{"text", "x"}}), "log_incomplete");
}

TEST_F(Process, MakesLostKeysAnewAndKeepsWhatTheOldOnesSigned) {
    Person alice(server, "alice");
    EXPECT_EQ(server.terminate(), 0);
    fs::remove_all(server.data() / "keys");
    server.start();
    EXPECT_THAT(server.standard_error(), HasSubstr("the log key was made anew"));
    EXPECT_TRUE(fs::exists(server.data() / "checkpoint.old"));
    EXPECT_EQ(alice.get("/users/me").status, 401) << "tokens of the lost key end";
    EXPECT_EQ(Person(server, "bob").post("/rooms", {{"name", "on it goes"}}).status, 201);
}

TEST_F(Process, TakesCommandsAfterAKillBeforeTheFirstCheckpoint) {
    for (int round = 0; round < 3; ++round) {
        server.kill9();
        fs::remove_all(server.data());
        server.start();
        Person alice(server, "alice");
        server.kill9();
        server.start();
        EXPECT_EQ(alice.post("/rooms", {{"name", "on it goes"}}).status, 201);
    }
}

}  // namespace

}  // namespace verbatim::testing
