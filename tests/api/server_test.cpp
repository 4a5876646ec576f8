#include "api/server.hpp"

#include "api/assets.hpp"
#include "api/http_text.hpp"
#include "tests/api/raw_client.hpp"
#include "tests/api/test_server.hpp"

#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

namespace verbatim::api::test {
namespace {

TEST(Server, AnswersPipelinedRequestsInOrder) {
    TestServer server;
    RawClient client(server.port());
    std::string bytes;
    for (int i = 0; i < 2'000; ++i) bytes += get("/named/" + std::to_string(i));
    ASSERT_TRUE(client.send(bytes));
    for (int i = 0; i < 2'000; ++i) {
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->body, std::to_string(i));
    }
}

TEST(Server, TellsAClientThatAsksToGoOn) {
    TestServer server;
    RawClient client(server.port());
    const auto first = client.ask(post("Expect: 100-continue\r\nContent-Length: 5\r\n", ""));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 100);
    EXPECT_EQ(client.ask("hello")->body, "hello");
}

TEST(Server, AnswersHeadWithTheLengthOfGetAndNoBody) {
    TestServer server;
    RawClient client(server.port());
    ASSERT_TRUE(client.send("HEAD /ok HTTP/1.1\r\nHost: x\r\n\r\n"));
    const auto head = client.read_answer(true);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->headers.at("content-length"), "2");
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
    ASSERT_TRUE(client.send("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(client.read_answer(true)->status, 404);
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
}

TEST(Server, SendsNoLengthWhereThereCanBeNoBody) {
    TestServer server;
    RawClient client(server.port());
    const auto answer = client.ask(get("/empty"));
    EXPECT_EQ(answer->status, 204);
    EXPECT_FALSE(answer->headers.contains("content-length"));
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
}

TEST(Server, NamesTheMethodsThatAPathTakes) {
    TestServer server;
    RawClient client(server.port());
    const auto answer = client.ask("DELETE /ok HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer->headers.at("allow"), "GET, HEAD, OPTIONS");
}

TEST(Server, LetsNoHeaderBeginAnother) {
    TestServer server;
    RawClient client(server.port());
    const auto answer = client.ask(get("/injects"));
    EXPECT_EQ(answer->headers.at("location"), "/a  Evil: yes");
    EXPECT_FALSE(answer->headers.contains("evil"));
}

TEST(Server, AnswersAPreflightOfAConfiguredOriginOnly) {
    ServerOptions options;
    options.cors_origins = {"https://chat.example"};
    TestServer server(test_routes(), options);
    RawClient client(server.port());
    const std::string begin =
        "OPTIONS /ok HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: GET\r\n"
        "Access-Control-Request-Headers: authorization, x-forwarded-for\r\nOrigin: ";
    const auto ours = client.ask(begin + "https://chat.example\r\n\r\n");
    EXPECT_EQ(ours->status, 204);
    EXPECT_EQ(ours->headers.at("access-control-allow-origin"), "https://chat.example");
    EXPECT_EQ(ours->headers.at("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    const std::string& taken = ours->headers.at("access-control-allow-headers");
    EXPECT_THAT(taken, ::testing::HasSubstr("Authorization, "));
    EXPECT_THAT(lower_case(taken), ::testing::Not(::testing::HasSubstr("x-forwarded-for")));
    EXPECT_EQ(ours->headers.at("access-control-max-age"), "600");
    EXPECT_EQ(ours->headers.at("vary"), "Origin");
    const auto theirs = client.ask(begin + "https://evil.example\r\n\r\n");
    EXPECT_EQ(theirs->status, 204);
    EXPECT_EQ(theirs->headers.at("allow"), "GET, HEAD, OPTIONS");
    EXPECT_FALSE(theirs->headers.contains("access-control-allow-origin"));
    EXPECT_FALSE(theirs->headers.contains("access-control-allow-methods"));
    EXPECT_FALSE(theirs->headers.contains("access-control-allow-headers"));
}

// The names of all "in": "header" parameters below `node`.
void collect_headers(const nlohmann::json& node, std::set<std::string>& names) {
    if (node.is_object() && node.value("in", nlohmann::json()) == "header")
        names.insert(lower_case(node.at("name").get<std::string>()));
    for (const auto& child : node)
        if (child.is_structured()) collect_headers(child, names);
}

TEST(Server, TakesEveryHeaderOfTheDocumentFromAConfiguredOrigin) {
    const auto found = std::ranges::find(assets(), "/api/v1/openapi.json", &Asset::path);
    ASSERT_NE(found, assets().end());
    std::set<std::string> named = {"authorization", "content-type"};
    collect_headers(nlohmann::json::parse(found->plain), named);
    ASSERT_TRUE(named.contains("idempotency-key"));
    ServerOptions options;
    options.cors_origins = {"*"};
    TestServer server(test_routes(), options);
    RawClient client(server.port());
    const auto answer = client.ask(
        "OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://chat.example\r\n"
        "Access-Control-Request-Method: POST\r\n\r\n"
    );
    const std::string& taken = answer->headers.at("access-control-allow-headers");
    for (const std::string& name : named) EXPECT_TRUE(list_contains(taken, name)) << name;
}

TEST(Server, AnswersAClientThatHasHalfClosed) {
    TestServer server;
    RawClient client(server.port());
    ASSERT_TRUE(client.send(get("/named/a") + get("/named/b")));
    client.half_close();
    EXPECT_EQ(client.read_answer()->body, "a");
    EXPECT_EQ(client.read_answer()->body, "b");
    EXPECT_TRUE(client.is_closed());
}

TEST(Server, ClosesAHalfClosedConnectionWithHalfARequest) {
    TestServer server;
    RawClient client(server.port());
    ASSERT_TRUE(client.send("GET /ok HTTP/1.1\r\nHo"));
    client.half_close();
    EXPECT_TRUE(client.is_closed());
}

TEST(Server, TakesLargeBodiesAndSendsLargeAnswers) {
    TestServer server;
    RawClient client(server.port());
    std::string body(large_bytes_max, 'x');
    for (std::size_t i = 0; i < body.size(); i += 101) body[i] = static_cast<char>('a' + i % 26);
    const auto answer = client.ask(
        "PUT /large HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body
    );
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == body);
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
}

TEST(Server, DeliversARefusalToAClientThatIsStillSending) {
    TestServer server;
    RawClient client(server.port());
    ASSERT_TRUE(client.send(post("Content-Length: 40000000\r\n", "")));
    // More than the buffers of both sides hold: it only goes through if the server reads it.
    client.send(std::string(20'000'000, 'x'));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413);
    EXPECT_TRUE(client.is_closed());
}

TEST(Server, StreamsInChunksUnderALengthOrUntilTheEnd) {
    TestServer server;
    RawClient client(server.port());
    const std::string whole = "begin piece piece piece ";
    const auto chunked = client.ask(get("/stream"));
    EXPECT_EQ(chunked->headers.at("transfer-encoding"), "chunked");
    EXPECT_EQ(chunked->body, whole);
    const auto exact = client.ask(get("/stream/exact"));
    EXPECT_EQ(exact->headers.at("content-length"), "24");
    EXPECT_EQ(exact->body, whole);
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
    EXPECT_FALSE(client.ask(get("/stream/short")));

    RawClient old(server.port());
    EXPECT_EQ(old.ask("GET /stream HTTP/1.0\r\n\r\n")->body, whole);
}

TEST(Server, ServesOthersWhileOneReadsALongAnswerSlowly) {
    ServerOptions options;
    options.workers = 1;
    TestServer server(test_routes(), options);
    RawClient slow(server.port());
    ASSERT_TRUE(slow.send(get("/stream/long")));
    RawClient other(server.port());
    for (int i = 0; i < 100; ++i) ASSERT_EQ(other.ask(get("/ok"))->body, "ok");
    const auto answer = slow.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body.size(), 30'000'000U);
}

TEST(Server, TellsConnectionsForWhichItHasNoPlace) {
    ServerOptions options;
    options.max_connections = 2;
    TestServer server(test_routes(), options);
    RawClient first(server.port());
    RawClient second(server.port());
    ASSERT_EQ(first.ask(get("/ok"))->body, "ok");
    ASSERT_EQ(second.ask(get("/ok"))->body, "ok");
    RawClient third(server.port());
    EXPECT_EQ(third.read_answer()->status, 503);
    EXPECT_TRUE(third.is_closed());
    EXPECT_EQ(first.ask(get("/ok"))->body, "ok");
}

TEST(Server, SaysThatAPortIsTaken) {
    TestServer first;
    ServerOptions options;
    options.port = first.port();
    Server second(options, test_routes());
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().fault, StartFault::address_in_use);
}

TEST(Server, SaysThatAnAddressIsNotUsable) {
    ServerOptions options;
    options.bind_address = "192.0.2.1";  // for documents only (RFC 5737)
    Server server(options, test_routes());
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().fault, StartFault::address_not_usable);
}

TEST(Server, ListensOnIpv6) {
    ServerOptions options;
    options.bind_address = "::1";
    Server server(options, test_routes());
    const auto started = server.start();
    if (!started) GTEST_SKIP() << "no IPv6 here";
    EXPECT_GT(server.port(), 0);
}

TEST(Server, ClosesConnectionsAfterTheTimeoutsItWasGiven) {
    ServerOptions options;
    options.timeouts.idle = std::chrono::milliseconds(1);
    TestServer server(test_routes(), options);
    RawClient client(server.port());
    EXPECT_TRUE(client.is_closed());
}

}  // namespace
}  // namespace verbatim::api::test
