#include "eventstore/delivery.hpp"
#include "tests/app/server_test.hpp"
#include "tests/support/http_client.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <vector>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string secret = "a secret that is made of several words";

// What other nodes ask a leader, over its real door.
class NodeRoutes : public ::testing::Test {
protected:
    TemporaryFolder folder;
    ServerProcess server{
        {.binary = testing::server_binary(),
         .data = folder.path() / "data",
         .arguments = {"--rate-limits", "off", "--node-secret-file", secret_file().string()}}};
    HttpClient node{server.http_port()};

    fs::path secret_file() {
        const fs::path file = folder.path() / "node.secret";
        std::ofstream(file) << spoken() << "\n";
        fs::permissions(file, fs::perms::owner_read);
        return file;
    }
    static std::string spoken() {
        std::string text = secret;
        std::ranges::replace(text, ' ', '-');
        return text;
    }
    HttpAnswer ask(const std::string& target, const std::string& bearer = spoken()) {
        return node.ask("GET", target, {{"Authorization", "Bearer " + bearer}}).value();
    }
    Delivery delivery(const std::string& target) {
        const HttpAnswer answer = ask(target);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.header("content-type"), "application/octet-stream");
        return parse_delivery(answer.body).value();
    }
};

TEST_F(NodeRoutes, GiveTheWholeLogPageByPageAsItStands) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const std::string text(20'000, 'x');
    for (int i = 0; i < 300; ++i)  // 6 MiB: more than a page
        ASSERT_NE(alice.say(room, text), 0u);

    const Delivery head = delivery("/internal/head");
    EXPECT_TRUE(head.events.empty());
    EXPECT_EQ(head.after, head.head);
    EXPECT_GE(head.head, Position(303));
    Position after;
    int pages = 0;
    std::size_t texts = 0;
    MerkleFrontier tree;
    for (; after < head.head; ++pages) {
        const HttpAnswer page = ask("/internal/log?after=" + std::to_string(after.value()));
        EXPECT_LE(page.body.size(), 4u << 20);
        const Delivery found = parse_delivery(page.body).value();
        EXPECT_EQ(found.epoch, head.epoch);
        EXPECT_EQ(found.instance, head.instance);
        EXPECT_EQ(found.after, after);
        EXPECT_EQ(found.root_before, tree.root());
        ASSERT_FALSE(found.events.empty());
        for (const DeliveredEvent& event : found.events) {
            const RecordView record = parse_record(event.record).value();
            after = after.next();
            EXPECT_EQ(record.position, after);
            tree.append(leaf_hash_of(record.leaf), [](NodeId, const Digest&) {});
            texts += record.type == "message.sent" && event.contents.at(0)->bytes == text ? 1 : 0;
        }
    }
    EXPECT_EQ(tree.root(), head.root_before);
    EXPECT_EQ(texts, 300u);
    EXPECT_EQ(pages, 2);
    EXPECT_TRUE(delivery("/internal/log?after=" + std::to_string(after.value())).events.empty());
}

TEST_F(NodeRoutes, SendNoHashOfAPassword) {
    Person alice(server, "alice");
    EXPECT_THAT(ask("/internal/log").body, ::testing::Not(HasSubstr("$argon2id$")));
    EXPECT_THAT(ask("/internal/log").body, HasSubstr("alice"));
}

TEST_F(NodeRoutes, AreForThoseWhoKnowTheSecret) {
    Person alice(server, "alice");
    for (const std::string path : {"/internal/log", "/internal/head"}) {
        EXPECT_TRUE(is_problem(ask(path, "x"), 401, "not_authenticated"));
        EXPECT_TRUE(is_problem(ask(path, alice.token()), 401, "not_authenticated"));
        EXPECT_TRUE(is_problem(ask(path, spoken() + "x"), 401, "not_authenticated"));
        EXPECT_TRUE(is_problem(node.ask("GET", path).value(), 401, "not_authenticated"));
    }
}

TEST_F(NodeRoutes, SayWhatIsNoPlaceInTheLog) {
    EXPECT_TRUE(is_problem(ask("/internal/log?after=1000"), 404, "not_found"));
    EXPECT_TRUE(is_invalid(ask("/internal/log?after=-1"), "after"));
    EXPECT_TRUE(is_invalid(ask("/internal/log?after=x"), "after"));
}

TEST_F(NodeRoutes, NameTheInstanceAnewAtEachStart) {
    const Delivery first = delivery("/internal/head");
    server.kill9();
    server.start();
    HttpClient again(server.http_port());
    const auto answer =
        again.ask("GET", "/internal/head", {{"Authorization", "Bearer " + spoken()}}).value();
    const Delivery second = parse_delivery(answer.body).value();
    EXPECT_EQ(second.epoch, first.epoch);
    EXPECT_NE(second.instance, first.instance);
}

class WithoutANodeSecret : public ServerTest {};

TEST_F(WithoutANodeSecret, ThereIsNothingForNodes) {
    for (const std::string path : {"/internal/log", "/internal/head"})
        EXPECT_TRUE(is_problem(ask_once(server(), "GET", path), 404, "not_found"));
}

}  // namespace

}  // namespace verbatim::testing
