#include "tests/app/server_test.hpp"

#include <array>
#include <gmock/gmock.h>
#include <memory>
#include <openssl/evp.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string base64url_decoded(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string bytes;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const std::size_t value = digits.find(c);
        EXPECT_NE(value, std::string_view::npos);
        held = held << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(held >> bits & 0xff);
    }
    return bytes;
}

// Ed25519 as OpenSSL has it: another library than the one that signs.
bool is_signed_by(
    const std::string& public_key, std::string_view message, const std::string& signature
) {
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    };
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_new_raw_public_key(
            EVP_PKEY_ED25519, nullptr, bytes(public_key), public_key.size()
        ),
        EVP_PKEY_free
    );
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free
    );
    if (!key || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
        return false;
    return EVP_DigestVerify(
               context.get(), bytes(signature), signature.size(), bytes(message), message.size()
           ) == 1;
}

class Operations : public ServerTest {};

TEST_F(Operations, SayThatTheNodeIsAliveAndReady) {
    EXPECT_EQ(ask_once(server(), "GET", "/healthz").status, 200);
    const HttpAnswer ready = ask_once(server(), "GET", "/readyz");
    ASSERT_EQ(ready.status, 200);
    EXPECT_EQ(ready.json().at("status"), "ready");
    EXPECT_EQ(ready.json().at("position"), ready.json().at("log_position"));
}

TEST_F(Operations, ShowTheBoundsOfTheContract) {
    const HttpAnswer answer = ask_once(server(), "GET", "/api/v1/limits");
    ASSERT_EQ(answer.status, 200);
    const json bounds = answer.json();
    EXPECT_EQ(bounds.at("body_bytes_max"), 1024 * 1024);
    EXPECT_EQ(bounds.at("upload_chunk_bytes_max"), 8 * 1024 * 1024);
    EXPECT_EQ(bounds.at("feed_frame_bytes_max"), 2 * 1024 * 1024);
    EXPECT_EQ(bounds.at("feed_backlog_bytes_max"), 4 * 1024 * 1024);
    EXPECT_EQ(bounds.at("feed_backlog_frames_max"), 4096);
    EXPECT_EQ(bounds.at("json_nesting_max"), 32);
    EXPECT_EQ(bounds.at("text_characters_max"), 20000);
    EXPECT_EQ(bounds.at("page_items_max"), 200);
}

TEST_F(Operations, CountInPrometheusFamilies) {
    Person& alice = person("alice");
    const std::string room = alice.create_room();
    WsClient feed = alice.live_feed();
    alice.say(room, "counted");
    ASSERT_TRUE(feed.read_until("event").has_value());
    const HttpAnswer answer = ask_once(server(), "GET", "/metrics");
    ASSERT_EQ(answer.status, 200);
    EXPECT_THAT(answer.header("content-type"), ::testing::StartsWith("text/plain"));
    for (const char* family :
         {"verbatim_http_requests_total",
          "verbatim_http_request_seconds",
          "verbatim_command_stage_seconds",
          "verbatim_batch_commands",
          "verbatim_batch_events",
          "verbatim_log_written_bytes_total",
          "verbatim_feed_frames_encoded_total",
          "verbatim_feed_writes_total",
          "verbatim_feed_deliveries_total",
          "verbatim_log_position",
          "verbatim_view_position",
          "verbatim_projection_lag_events",
          "verbatim_search_lag_events",
          "verbatim_log_bytes",
          "verbatim_views_bytes",
          "verbatim_disk_free_bytes",
          "verbatim_commands_queued",
          "verbatim_http_connections",
          "verbatim_feed_sessions",
          "verbatim_feed_backlog_bytes"})
        EXPECT_THAT(answer.body, HasSubstr(std::string("# TYPE ") + family + " "));
    EXPECT_THAT(answer.body, HasSubstr("\nverbatim_feed_sessions 1\n"));
    EXPECT_THAT(answer.body, HasSubstr("\nverbatim_projection_lag_events 0\n"));
    for (const char* stage : {"queue", "decide", "fsync", "project"})
        EXPECT_THAT(answer.body, HasSubstr(std::string("{stage=\"") + stage + "\""));
    // By the route's pattern, never by the path that was asked for.
    EXPECT_THAT(answer.body, HasSubstr("/rooms/{room_id}/messages"));
    EXPECT_THAT(answer.body, ::testing::Not(HasSubstr(room)));
}

TEST_F(Operations, TimeQueriesToo) {
    for (int i = 0; i < 20; ++i) (void)ask_once(server(), "GET", "/api/v1/limits");
    const std::string text = ask_once(server(), "GET", "/metrics").body;
    const std::string name = "\nverbatim_http_request_seconds_sum{route=\"/api/v1/limits\"} ";
    const std::size_t at = text.find(name);
    ASSERT_NE(at, std::string::npos);
    EXPECT_GT(std::stod(text.substr(at + name.size())), 0.0);
}

TEST_F(Operations, PublishTheKeyThatVerifiesTheTokens) {
    const HttpAnswer answer = ask_once(server(), "GET", "/.well-known/jwks.json");
    ASSERT_EQ(answer.status, 200);
    const json key = answer.json().at("keys").at(0);
    EXPECT_EQ(key.at("kty"), "OKP");
    EXPECT_EQ(key.at("crv"), "Ed25519");

    const std::string token = person("alice").token();
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    ASSERT_NE(first, last);
    const json header = json::parse(base64url_decoded(token.substr(0, first)));
    EXPECT_EQ(header.at("alg"), "EdDSA");
    EXPECT_EQ(header.at("kid"), key.at("kid"));
    const json claims = json::parse(base64url_decoded(token.substr(first + 1, last - first - 1)));
    EXPECT_EQ(claims.at("exp").get<long>() - claims.at("iat").get<long>(), 900);
    EXPECT_TRUE(is_signed_by(
        base64url_decoded(key.at("x").get<std::string>()),
        token.substr(0, last),
        base64url_decoded(token.substr(last + 1))
    ));
}

TEST_F(Operations, KeepKeysToThemselves) {
    namespace fs = std::filesystem;
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(server().data() / "keys")) {
        const auto others = fs::perms::group_all | fs::perms::others_all;
        EXPECT_EQ(entry.status().permissions() & others, fs::perms::none) << entry.path();
        ++files;
    }
    EXPECT_GE(files, 2u);
}

}  // namespace

}  // namespace verbatim::testing
