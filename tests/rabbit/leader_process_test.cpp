#include "tests/app/server_test.hpp"
#include "tests/rabbit/rabbit_test.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/moments.hpp"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

namespace verbatim::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `verbatim serve` with a broker, as an operator meets it.
class LeaderProcess : public RabbitTest {
protected:
    TemporaryFolder folder;
    const std::string secret = "a-secret-of-all-the-nodes";

    [[nodiscard]] ServerOptions serving(
        const std::string& broker_url, const std::string& data = "data"
    ) const {
        const fs::path file = folder.path() / "node.secret";
        if (!fs::exists(file)) std::ofstream(file) << secret << "\n";
        fs::permissions(file, fs::perms::owner_read);
        return {
            .binary = server_binary(),
            .data = folder.path() / data,
            .arguments = {
                "--rate-limits",
                "off",
                "--publish-json",
                "--broker",
                broker_url,
                "--node-secret-file",
                file.string()}};
    }
    // As a copied disk holds it: the socket of the server that was killed stays behind.
    void copy_data(const fs::path& from) const {
        const fs::path copy = folder.path() / "copy";
        fs::create_directory(copy);
        for (const auto& entry : fs::recursive_directory_iterator(from)) {
            const fs::path to = copy / fs::relative(entry.path(), from);
            if (entry.is_directory()) fs::create_directory(to);
            if (entry.is_regular_file()) fs::copy_file(entry.path(), to);
        }
    }
    static json readiness(const ServerProcess& server) {
        return ask_once(server, "GET", "/readyz").json();
    }
    static std::string metrics(const ServerProcess& server) {
        return ask_once(server, "GET", "/metrics").body;
    }
    [[nodiscard]] HttpAnswer head_of(const ServerProcess& server) const {
        HttpClient node(server.http_port());
        return node.ask("GET", "/internal/head", {{"Authorization", "Bearer " + secret}}).value();
    }
};

TEST_F(LeaderProcess, TellsAStrangerEachEventAsJson) {
    const auto script = source_directory() / "tests/node/event_consumer.mjs";
    if (!fs::exists(script.parent_path() / "node_modules/amqplib"))
        FAIL() << "missing: run ./test, or npm ci --prefix tests/node";
    ServerProcess server(serving(broker().url(vhost)));
    ServerChild consumer(
        {.binary = "/usr/bin/env",
         .arguments = {"node", script.string(), broker().url(vhost), "room.#"},
         .environment = {}}
    );
    ASSERT_TRUE(consumer.wait_for_line("consuming", std::chrono::seconds(60)).has_value());
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    alice.say(room, "hello");
    const auto lines = [&] {
        std::istringstream text(consumer.standard_output());
        std::vector<json> all;
        for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
        return all;
    };
    ASSERT_TRUE(comes_true([&] {
        return consumer.standard_output().find("hello") != std::string::npos;
    }));
    std::vector<std::string> keys;
    for (const json& line : lines()) keys.push_back(line.at("key"));
    EXPECT_THAT(
        keys, ElementsAre("room." + room + ".room.created", "room." + room + ".message.sent")
    );
    const json event = lines().back().at("event");
    EXPECT_EQ(event.at("room_id"), room);
    EXPECT_EQ(event.at("actor_id"), alice.id());
    EXPECT_EQ(event.at("data").at("text"), "hello");
    EXPECT_EQ(event.at("type"), "message.sent");
}

TEST_F(LeaderProcess, TakesCommandsThoughTheBrokerRefusesIt) {
    ServerProcess server(serving(broker().url(vhost, "guest:wrong")));
    Person alice(server, "alice");
    EXPECT_NE(alice.say(alice.create_room(), "hello"), 0u);
    ASSERT_TRUE(comes_true([&] { return readiness(server).at("broker") == "wrong_credentials"; }));
    EXPECT_EQ(readiness(server).at("commands"), "taken");
    EXPECT_THAT(metrics(server), HasSubstr("verbatim_publisher_connected 0"));
    EXPECT_THAT(metrics(server), HasSubstr("verbatim_leads 1"));
    EXPECT_THAT(server.standard_error(), HasSubstr("wrong_credentials"));
    EXPECT_THAT(server.standard_error(), ::testing::Not(HasSubstr("guest:wrong")));
}

TEST_F(LeaderProcess, ShowsHowFarItHasPublished) {
    ServerProcess server(serving(broker().url(vhost)));
    Person alice(server, "alice");
    alice.say(alice.create_room(), "hello");
    const std::string head = readiness(server).at("log_position").dump();
    EXPECT_TRUE(comes_true([&] {
        return metrics(server).find("verbatim_publisher_position " + head + "\n") !=
               std::string::npos;
    }));
    EXPECT_THAT(metrics(server), HasSubstr("verbatim_publisher_lag_events 0"));
    EXPECT_EQ(readiness(server).at("broker"), "connected");
    EXPECT_EQ(server.terminate(), 0);
}

TEST_F(LeaderProcess, LeadsAgainAtOnceAfterItWasKilled) {
    ServerProcess server(serving(broker().url(vhost)));
    Person(server, "alice").create_room();
    server.kill9();
    server.start();
    EXPECT_EQ(readiness(server).at("commands"), "taken");
    Person(server, "bob").create_room();
}

TEST_F(LeaderProcess, RefusesCommandsWhereACopyOfItsLogLeads) {
    ServerProcess server(serving(broker().url(vhost)));
    Person alice(server, "alice");
    server.kill9();
    copy_data(server.data());
    server.start();
    EXPECT_EQ(head_of(server).status, 200);
    ServerProcess copy(serving(broker().url(vhost), "copy"));
    EXPECT_EQ(readiness(copy).at("commands"), "not_the_leader");
    const auto refused = ask_once(
        copy,
        "POST",
        "/api/v1/users",
        {{"Content-Type", "application/json"}},
        R"({"username": "bob", "password": "correct horse"})"
    );
    EXPECT_TRUE(is_problem(refused, 503, "not_taking_commands"));
    EXPECT_EQ(refused.json().value("reason", ""), "not_the_leader");
    EXPECT_TRUE(is_problem(head_of(copy), 503, "not_taking_commands"));
    EXPECT_EQ(head_of(copy).json().value("reason", ""), "not_the_leader");
    EXPECT_THAT(copy.standard_error(), HasSubstr("another process leads this log"));
    EXPECT_EQ(readiness(server).at("commands"), "taken");
    Person(server, "carol").create_room();
}

TEST_F(LeaderProcess, TakesNoCommandsWhenItComesBackFromAPauseAndAnotherLeads) {
    const ServerOptions options = serving(broker().url(vhost));
    {
        ServerProcess server(options);
        Person(server, "alice").create_room();
        server.kill9();
    }
    copy_data(options.data);
    ChildCommand command{
        .binary = options.binary, .arguments = options.arguments, .environment = {}};
    for (const std::string word : {"serve", "--http-port", "0", "--feed-port", "0", "--data"})
        command.arguments.push_back(word);
    command.arguments.push_back(options.data.string());
    ServerChild old(command);
    const auto ready = old.wait_for_line("ready: ", std::chrono::seconds(60));
    ASSERT_TRUE(ready.has_value()) << old.standard_error();
    const std::size_t port = ready->find(':', ready->find("http://") + 7) + 1;
    const auto old_readiness = [&] {
        HttpClient client(static_cast<std::uint16_t>(std::stoi(ready->substr(port))));
        return client.ask("GET", "/readyz").value().json();
    };
    EXPECT_EQ(old_readiness().at("commands"), "taken");

    old.send_signal(SIGSTOP);
    ServerProcess other(serving(broker().url(vhost), "copy"));
    // Once the broker has given the stopped one up.
    EXPECT_TRUE(comes_true([&] { return readiness(other).at("commands") == "taken"; }));
    old.send_signal(SIGCONT);
    EXPECT_TRUE(comes_true([&] { return old_readiness().at("commands") == "not_the_leader"; }));
    EXPECT_EQ(readiness(other).at("commands"), "taken");
    Person(other, "bob").create_room();
}

}  // namespace
}  // namespace verbatim::testing
