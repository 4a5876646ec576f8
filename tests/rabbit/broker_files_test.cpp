#include "broker/amqp/names.hpp"
#include "eventstore/delivery.hpp"
#include "tests/app/server_test.hpp"
#include "tests/rabbit/rabbit_test.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/moments.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <iterator>

namespace verbatim::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* node_secret = "a-secret-of-all-the-nodes";

// Which files below `folder` hold the text. What another process removes meanwhile holds nothing.
std::vector<std::string> files_with(const std::string& text, const fs::path& folder) {
    std::vector<std::string> found;
    std::error_code gone;
    for (auto entry = fs::recursive_directory_iterator(folder, gone);
         entry != fs::recursive_directory_iterator();
         entry.increment(gone)) {
        std::error_code fault;
        if (!entry->is_regular_file(fault)) continue;
        std::ifstream file(entry->path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        if (bytes.find(text) != std::string::npos) found.push_back(entry->path().string());
    }
    return found;
}

// A leader that tells a broker what is said, and programs of strangers with durable queues of their
// own: what of it stands in the broker's own files.
class BrokerFiles : public RabbitTest {
protected:
    void SetUp() override {
        if (!fs::exists(script.parent_path() / "node_modules/amqplib"))
            FAIL() << "missing: run ./test, or npm ci --prefix tests/node";
        std::ofstream(folder.path() / "node.secret") << node_secret << "\n";
        fs::permissions(folder.path() / "node.secret", fs::perms::owner_read);
        with_queue({"bind", "bot", std::string(amqp::envelope_exchange), "topic"});
        server = std::make_unique<ServerProcess>(ServerOptions{
            .binary = server_binary(),
            .data = folder.path() / "data",
            .arguments = {
                "--rate-limits",
                "off",
                "--publish-json",
                "--broker",
                broker().url(vhost),
                "--node-secret-file",
                (folder.path() / "node.secret").string()}});
        ada = std::make_unique<Person>(*server, "ada");
        room = ada->create_room();
    }
    void with_queue(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"node", script.string(), broker().url(vhost)});
        const Finished done = run_to_end(
            {.binary = "/usr/bin/env", .arguments = std::move(arguments), .environment = {}}
        );
        ASSERT_EQ(done.exit_code, 0) << done.standard_error;
    }
    // What the leader tells its followers, in a queue whose reader is slow.
    void bind_queue_of_a_follower() const {
        HttpClient node(server->http_port());
        const std::string bearer = "Bearer " + std::string(node_secret);
        const auto head = node.ask("GET", "/internal/head", {{"Authorization", bearer}}).value();
        const auto delivery = parse_delivery(head.body);
        ASSERT_TRUE(delivery) << head.body;
        with_queue({"bind", "follower", amqp::log_exchange(delivery->epoch), "fanout"});
    }
    // Until all that was said is on the broker, in both ways.
    void wait_until_told() const {
        const std::string head =
            ask_once(*server, "GET", "/readyz").json().at("log_position").dump();
        const std::string told = "verbatim_publisher_position " + head + "\n";
        EXPECT_TRUE(comes_true([&] {
            return ask_once(*server, "GET", "/metrics").body.find(told) != std::string::npos;
        }));
        with_queue({"wait", "bot", head});
    }
    void erase_ada(const std::string& text) {
        EXPECT_THAT(files_with(text, server->data()), Not(IsEmpty()));
        const nlohmann::json password = {{"password", Person::usual_password}};
        ASSERT_EQ(ada->ask("DELETE", "/users/me", {}, password.dump()).status, 202);
        EXPECT_TRUE(comes_true([&] { return files_with(text, server->data()).empty(); }));
    }
    static std::vector<std::string> on_broker(const std::string& text) {
        return files_with(text, broker().folder());
    }

    const fs::path script = source_directory() / "tests/node/broker_queue.mjs";
    TemporaryFolder folder;
    std::unique_ptr<ServerProcess> server;
    std::unique_ptr<Person> ada;
    std::string room;
};

TEST_F(BrokerFiles, HoldNoTextsWhateverWaitsInDurableQueues) {
    const std::string kept = "kQ7vXw2ZpLr9TnB4";
    with_queue({"keep", "kept", kept});
    EXPECT_THAT(on_broker(kept), Not(IsEmpty())) << "a text that is kept is found";
    bind_queue_of_a_follower();
    const std::string text = "hYd3JmF8sAqWe6Uc";
    const std::string filler(19'000, '.');  // what is large goes to files of another kind
    ada->say(room, text);
    ada->say(room, text + filler);
    wait_until_told();
    EXPECT_THAT(on_broker(text), IsEmpty()) << "while it waits";
    for (const char* const queue : {"bot", "follower"}) with_queue({"drain", queue});
    EXPECT_THAT(on_broker(text), IsEmpty()) << "once it was taken";
    erase_ada(text);
    EXPECT_THAT(on_broker(text), IsEmpty());
}

// A broker that is short of memory puts aside what waits, and leaves it there when it was taken.
TEST_F(BrokerFiles, HoldTheTextsOfABusyBrokerNoLongerThanToItsRestart) {
    const std::string text = "0gTzNb5KxVo1RiPl";
    const std::string filler(19'000, '.');
    for (int i = 0; i < 100; ++i) ada->say(room, text + filler);
    wait_until_told();
    EXPECT_THAT(on_broker(text), IsEmpty());
    broker().begin_memory_alarm();
    EXPECT_TRUE(comes_true([&] { return !on_broker(text).empty(); }));
    erase_ada(text);
    broker().end_memory_alarm();
    with_queue({"drain", "bot"});
    broker().kill9();
    broker().start();
    EXPECT_THAT(on_broker(text), IsEmpty());
    EXPECT_TRUE(comes_true([&] {
        return ask_once(*server, "GET", "/readyz").json().at("broker") == "connected";
    }));
    EXPECT_THAT(on_broker(text), IsEmpty()) << "nor when what was not confirmed was said again";
}

}  // namespace
}  // namespace verbatim::testing
