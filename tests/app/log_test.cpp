#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "tests/app/server_test.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/server_child.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sstream>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Arguments = std::vector<std::string>;

Finished log_command(Arguments arguments, std::map<std::string, std::string> environment = {}) {
    arguments.insert(arguments.begin(), "log");
    return run_to_end(
        {.binary = server_binary(), .arguments = arguments, .environment = environment}
    );
}
Finished shell(const std::string& line, std::map<std::string, std::string> environment = {}) {
    return run_to_end({.binary = "/bin/bash", .arguments = {"-c", line}, .environment = environment}
    );
}
std::vector<json> lines_of(const Finished& finished) {
    std::vector<json> lines;
    std::istringstream in(finished.standard_output);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
}

// A data directory that no server has open: one room of messages that fill more than a pipe.
class LogAtRest : public ::testing::Test {
protected:
    void SetUp() override {
        auto log = open_rocks_event_log(
            (data / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value()) << describe(log.error());
        LogScribe scribe(**log);
        const auto alice = numbered_id<UserId>(1);
        const auto room = numbered_id<RoomId>(2);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(room), alice, {room_created("harbour")});
        for (int i = 0; i < messages; ++i)
            scribe.write(stream_of(room), alice, {sent(std::string(1'000, 'x'))});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    Finished run(Arguments arguments) const {
        arguments.insert(arguments.end(), {"--data", data.string()});
        return log_command(arguments);
    }
    std::string show_line() const {
        return server_binary().string() + " log show --data " + data.string();
    }

    static constexpr int messages = 300;
    TemporaryFolder folder;
    const std::filesystem::path data = folder.path() / "data";
};

TEST_F(LogAtRest, IsShownToTheLimit) {
    const Finished shown = run({"show", "--limit", "2"});
    EXPECT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_THAT(shown.standard_output, HasSubstr("alice          user.registered"));
    EXPECT_THAT(shown.standard_output, HasSubstr("#harbour            1  alice"));
    EXPECT_THAT(lines_of(run({"show", "--json"})), SizeIs(2 + messages));
    EXPECT_THAT(lines_of(run({"tail", "-n", "3", "--json"})), SizeIs(3));
}

TEST_F(LogAtRest, IsSearchedWithGrepsExitCodes) {
    EXPECT_EQ(run({"grep", "xxx", "--limit", "1"}).exit_code, 0);
    const Finished nothing = run({"grep", "y"});
    EXPECT_EQ(nothing.exit_code, 1);
    EXPECT_EQ(nothing.standard_output, "");
    EXPECT_EQ(run({"grep", "(", "--regex"}).exit_code, 2);
    EXPECT_EQ(run({"grep", "x", "--room", "nowhere"}).exit_code, 2);
}

TEST_F(LogAtRest, IsCounted) {
    const Finished counted = run({"stats", "--json"});
    EXPECT_EQ(counted.exit_code, 0) << counted.standard_error;
    const json figures = json::parse(counted.standard_output);
    EXPECT_EQ(figures.at("events"), 2 + messages);
    EXPECT_EQ(figures.at("text_bytes"), 1'000 * messages);
    EXPECT_EQ(figures.at("rooms").at(0).at("name"), "#harbour");
}

TEST_F(LogAtRest, IsPipedIntoHeadWithoutAWord) {
    const Finished piped = shell(show_line() + " --json | head -n 1; exit ${PIPESTATUS[0]}");
    EXPECT_EQ(piped.exit_code, 0);
    EXPECT_EQ(piped.standard_error, "");
    EXPECT_THAT(lines_of(piped), SizeIs(1));
}

TEST_F(LogAtRest, IsColouredOnATerminalOnly) {
    const std::string on_terminal =
        "script -qec '" + show_line() + " --limit 1' /dev/null </dev/null";
    EXPECT_THAT(
        shell(on_terminal, {{"TERM", "xterm"}, {"NO_COLOR", ""}}).standard_output,
        HasSubstr("\x1b[32malice")
    );
    const std::string refused =
        shell(on_terminal, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}).standard_output;
    EXPECT_THAT(refused, HasSubstr("alice"));
    EXPECT_THAT(refused, Not(HasSubstr("\x1b[")));
    EXPECT_THAT(shell(show_line()).standard_output, Not(HasSubstr("\x1b[")));
}

TEST_F(LogAtRest, IsNotReadWhereThereIsNone) {
    const Finished shown = log_command({"show", "--data", (folder.path() / "nowhere").string()});
    EXPECT_EQ(shown.exit_code, 2);
    EXPECT_THAT(shown.standard_error, HasSubstr("nowhere"));
    EXPECT_GT(run({"show", "--type", "message.sung"}).exit_code, 100);
}

// A server on which somebody was made an auditor, who is in none of the rooms.
class LogOfAServer : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        shared() = std::make_unique<Shared>();
        Shared& all = *shared();
        EXPECT_EQ(all.server.terminate(), 0);
        {
            auto log = open_rocks_event_log(
                (all.server.data() / "log").string(), counted_bytes(), Uuid(), Timestamp(1)
            );
            ASSERT_TRUE(log.has_value()) << describe(log.error());
            const auto user = parse_id<UserId>(all.auditor.id());
            LogScribe scribe(**log);
            const Event granted = AccountEvent(RoleGranted{.role = ServerRole::auditor});
            scribe.write(stream_of(*user), *user, {granted});
            ASSERT_TRUE(scribe.commit().has_value());
        }
        all.server.start();
        all.alice.say(all.room, "good morning");
        const auto gone = all.alice.say(all.room, "a secret");
        all.alice.del("/rooms/" + all.room + "/messages/" + std::to_string(gone));
    }
    static void TearDownTestSuite() { shared().reset(); }

    static Arguments at_rest() { return {"--data", shared()->server.data().string()}; }
    static Arguments by_rest() { return {"--url", url(), "--token", shared()->auditor.token()}; }
    static std::string url() {
        return "http://127.0.0.1:" + std::to_string(shared()->server.http_port());
    }
    static Finished run(Arguments arguments, const Arguments& source) {
        arguments.insert(arguments.end(), source.begin(), source.end());
        return log_command(arguments);
    }
    // Follows with the output on standard error, where a line can be waited for.
    static ServerChild follow(const Arguments& source) {
        std::string line = "exec " + server_binary().string() + " log tail --follow -n 1 --json";
        for (const std::string& word : source) line += " " + word;
        return ServerChild(
            {.binary = "/bin/bash", .arguments = {"-c", line + " 1>&2"}, .environment = {}}
        );
    }
    static void expect_to_follow(const Arguments& source, const std::string& text) {
        constexpr std::chrono::seconds patience{60};
        ServerChild tail = follow(source);
        ASSERT_TRUE(tail.wait_for_line("\"position\":", patience)) << tail.standard_error();
        shared()->alice.say(shared()->room, text);
        EXPECT_TRUE(tail.wait_for_line(text, patience)) << tail.standard_error();
        tail.send_signal(SIGINT);
        EXPECT_EQ(tail.wait(patience), 0) << tail.standard_error();
    }

    struct Shared {
        TemporaryFolder folder;
        ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
        Person alice{server, "alice"};
        Person auditor{server, "auditor"};
        std::string room = alice.create_room({{"alias", "harbour"}});
    };
    static std::unique_ptr<Shared>& shared() {
        static std::unique_ptr<Shared> instance;
        return instance;
    }
};

TEST_F(LogOfAServer, IsTheSameAtRestAndOverRest) {
    for (const Arguments& filter :
         {Arguments{"--room", "harbour"},
          Arguments{"--actor", "alice", "--type", "message.*"},
          Arguments{"--type", "message.deleted"},
          Arguments{"--room", "#harbour", "--text", "GOOD", "-i"}}) {
        Arguments show{"show", "--json"};
        show.insert(show.end(), filter.begin(), filter.end());
        const Finished stored = run(show, at_rest());
        const Finished remote = run(show, by_rest());
        EXPECT_EQ(stored.exit_code, 0) << stored.standard_error;
        EXPECT_EQ(remote.exit_code, 0) << remote.standard_error;
        EXPECT_EQ(stored.standard_output, remote.standard_output);
        EXPECT_THAT(lines_of(remote), Not(IsEmpty())) << filter.front();
    }
}

TEST_F(LogOfAServer, NamesPeopleAndRoomsThatTheAuditorIsNotIn) {
    const Finished shown = run({"show", "--room", "harbour", "--limit", "2"}, by_rest());
    EXPECT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_THAT(shown.standard_output, HasSubstr("#harbour            1  alice"));
    EXPECT_THAT(shown.standard_output, HasSubstr("good morning"));
}

TEST_F(LogOfAServer, ShowsWhatWasDeletedAndSaysSo) {
    for (const Arguments& source : {at_rest(), by_rest()}) {
        const Finished found = run({"grep", "secret"}, source);
        EXPECT_EQ(found.exit_code, 0) << found.standard_error;
        EXPECT_THAT(found.standard_output, HasSubstr("[deleted] a secret"));
    }
}

TEST_F(LogOfAServer, GivesItsLastEvents) {
    const auto last = lines_of(run({"tail", "-n", "2", "--room", "harbour", "--json"}, by_rest()));
    ASSERT_THAT(last, SizeIs(2));
    EXPECT_LT(last.front().at("position"), last.back().at("position"));
}

TEST_F(LogOfAServer, IsFollowedAtRest) {
    expect_to_follow(at_rest(), "told to the disk");
}

TEST_F(LogOfAServer, IsFollowedOverRest) {
    expect_to_follow(by_rest(), "told to the network");
}

TEST_F(LogOfAServer, IsAskedWithATokenOfTheEnvironment) {
    const Arguments counted{"stats", "--json", "--url", url()};
    const Finished named = log_command(counted, {{"VERBATIM_TOKEN", shared()->auditor.token()}});
    EXPECT_EQ(named.exit_code, 0) << named.standard_error;
    EXPECT_EQ(log_command(counted).exit_code, 2);
}

TEST_F(LogOfAServer, SaysWhyTheServerRefuses) {
    const Finished forged = log_command({"show", "--url", url(), "--token", "forged"});
    EXPECT_EQ(forged.exit_code, 2);
    EXPECT_THAT(forged.standard_error, HasSubstr("not_authenticated"));
    const Finished member =
        log_command({"show", "--url", url(), "--token", shared()->alice.token()});
    EXPECT_EQ(member.exit_code, 2);
    EXPECT_THAT(member.standard_error, HasSubstr("not_allowed"));
    const Finished nobody =
        log_command({"show", "--url", "http://127.0.0.1:1", "--token", "forged"});
    EXPECT_EQ(nobody.exit_code, 2);
    EXPECT_THAT(nobody.standard_error, HasSubstr("http://127.0.0.1:1"));
    EXPECT_EQ(log_command({"show", "--url", "ftp://host", "--token", "x"}).exit_code, 2);
}

}  // namespace

}  // namespace verbatim::testing
