#include "tests/app/server_test.hpp"
#include "tests/support/paths.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

// With the limits on, as they are by default, and the address from a proxy that is trusted.
class RateLimits : public ::testing::Test {
protected:
    TemporaryFolder folder;
    ServerProcess server{
        {.binary = testing::server_binary(),
         .data = folder.path() / "data",
         .arguments = {"--trusted-proxies", "127.0.0.0/8"}}};

    HttpAnswer post_from(const std::string& address, const std::string& path, const json& body)
        const {
        const Headers headers = {{"X-Forwarded-For", address}};
        return ask_once(server, "POST", path, headers, body.dump());
    }
    // Asks until it is told to come back later; 0 when that does not happen.
    template <class Ask>
    static int refused_after(int most, const std::string& limiter, Ask ask) {
        for (int asked = 1; asked <= most; ++asked) {
            const HttpAnswer answer = ask();
            if (answer.status != 429) continue;
            EXPECT_TRUE(is_problem(answer, 429, "rate_limited"));
            EXPECT_EQ(answer.json().at("limiter"), limiter);
            EXPECT_GE(std::atoi(answer.header("retry-after").c_str()), 1);
            return asked;
        }
        return 0;
    }
};

TEST_F(RateLimits, BoundRegistrationsOfAnAddress) {
    const json no_account = {{"username", "x"}};
    const auto from = [&](const std::string& address) {
        return post_from(address, "/api/v1/users", no_account);
    };
    EXPECT_GT(
        refused_after(60, "registrations_per_address", [&] { return from("192.0.2.1"); }), 10
    );
    EXPECT_EQ(from("192.0.2.2").status, 422) << "another address is not concerned";
}

TEST_F(RateLimits, BoundLoginsOfAUsernameFromWhereverTheyCome) {
    int asked = 0;
    const auto guess = [&] {
        const json credentials = {{"username", "victim"}, {"password", "guess"}};
        return post_from("192.0.2." + std::to_string(++asked), "/api/v1/sessions", credentials);
    };
    EXPECT_GT(refused_after(30, "logins_per_username", guess), 5);
    const json other = {{"username", "somebody-else"}, {"password", "guess"}};
    EXPECT_EQ(post_from("192.0.2.200", "/api/v1/sessions", other).status, 401);
}

TEST_F(RateLimits, BoundLoginsOfAnAddressWhateverTheUsername) {
    int asked = 0;
    const auto guess = [&] {
        const std::string name = "guess-" + std::to_string(++asked);
        const json credentials = {{"username", name}, {"password", "password"}};
        return post_from("192.0.2.7", "/api/v1/sessions", credentials);
    };
    EXPECT_GT(refused_after(60, "logins_per_address", guess), 10);
}

TEST_F(RateLimits, BoundCommandsOfAUserButNotQueries) {
    Person alice(server, "alice");
    Person bob(server, "bob");
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const std::string typing = "/rooms/" + room + "/typing";
    const json body = {{"typing", true}};
    EXPECT_GT(
        refused_after(20'000, "commands_per_user", [&] { return alice.post(typing, body); }), 100
    );
    EXPECT_EQ(bob.post(typing, body).status, 202) << "another user is not concerned";
    EXPECT_EQ(alice.get("/rooms/" + room).status, 200);
}

TEST_F(RateLimits, BoundMessagesOfAUserThroughBothDoorsTogether) {
    Person alice(server, "alice");
    Person bob(server, "bob");
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const std::string messages = "/rooms/" + room + "/messages";
    const json text = {{"text", "flood"}};
    EXPECT_GT(
        refused_after(20'000, "messages_per_user", [&] { return alice.post(messages, text); }), 50
    );
    WsClient feed = alice.feed();
    std::optional<json> refusal;
    for (int i = 0; i < 100 && !refusal; ++i) {
        feed.send({{"type", "send"}, {"ref", "r"}, {"room_id", room}, {"text", "flood"}});
        for (auto frame = feed.read(); frame; frame = feed.read()) {
            if (frame->at("type") == "problem") refusal = frame;
            if (frame->contains("ref")) break;
        }
    }
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->at("problem").at("limiter"), "messages_per_user");
    EXPECT_GE(refusal->at("problem").at("retry_after"), 1);
    EXPECT_EQ(bob.post(messages, text).status, 201) << "another user is not concerned";
}

TEST_F(RateLimits, BoundFeedsOfAUserBeforeTheHandshake) {
    Person alice(server, "alice");
    int status = 101;
    int opened = 0;
    for (; status == 101 && opened < 200; ++opened)
        status = WsClient({.port = server.feed_port(),
                           .target = "/api/v1/feed",
                           .token = alice.token(),
                           .subprotocols = {}}
        ).handshake_status();
    EXPECT_EQ(status, 429);
    EXPECT_GT(opened, 20);
    Person bob(server, "bob");
    EXPECT_TRUE(bob.feed().is_open()) << "another user is not concerned";
}

TEST_F(RateLimits, BoundUploadsOfAUser) {
    Person alice(server, "alice");
    Person bob(server, "bob");
    const auto begin_by = [](Person& who) {
        return who.ask("POST", "/uploads", {{"Tus-Resumable", "1.0.0"}, {"Upload-Length", "1"}});
    };
    EXPECT_GT(refused_after(200, "uploads_per_user", [&] { return begin_by(alice); }), 20);
    EXPECT_EQ(begin_by(bob).status, 201) << "another user is not concerned";
}

TEST_F(RateLimits, BoundSearchesOfAUser) {
    Person alice(server, "alice");
    Person bob(server, "bob");
    const auto search_by = [](Person& who) { return who.get("/search?q=anything"); };
    EXPECT_GT(refused_after(5'000, "searches_per_user", [&] { return search_by(alice); }), 10);
    EXPECT_EQ(search_by(bob).status, 200) << "another user is not concerned";
}

TEST_F(RateLimits, BoundAttemptsAtInviteCodes) {
    Person alice(server, "alice");
    const auto guess = [&] { return alice.post("/invite-links/nonsense/join"); };
    EXPECT_GT(refused_after(100, "invite_codes_per_user", guess), 10);
}

TEST_F(RateLimits, DoNotBelieveForwardedAddressesOfStrangers) {
    server.terminate();
    server.options().arguments = {};
    server.start();
    int asked = 0;
    const auto pretend = [&] {
        const std::string address = "198.51.100." + std::to_string(++asked % 250);
        return post_from(address, "/api/v1/users", {{"username", "x"}});
    };
    EXPECT_GT(refused_after(60, "registrations_per_address", pretend), 10);
}

}  // namespace

}  // namespace verbatim::testing
