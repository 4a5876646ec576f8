#include "protocol/request_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

using nlohmann::json;

std::string times(std::size_t count, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

template <class T>
void expect_422(const Answer<T>& answer, std::string_view field) {
    ASSERT_FALSE(answer.has_value()) << field;
    EXPECT_EQ(answer.error().status, 422) << field;
    EXPECT_EQ(answer.error().code, "invalid_field") << field;
    EXPECT_EQ(answer.error().field, std::string(field));
}

json registration() {
    return {{"username", "alice"}, {"password", "correct horse"}};
}

json with(json body, const char* name, json value) {
    body[name] = std::move(value);
    return body;
}

TEST(ParseObject, TakesAnEmptyBodyForAnEmptyObject) {
    EXPECT_EQ(parse_object("").value(), json::object());
}

TEST(ParseObject, TakesTheLastOfMembersWithOneName) {
    EXPECT_EQ(parse_object(R"({"a":1,"a":2})").value(), (json{{"a", 2}}));
}

TEST(ParseObject, RefusesWhatIsNoJsonObjectWith400) {
    for (const std::string_view body :
         {"{",
          "nonsense",
          "[]",
          "1",
          "null",
          "\"text\"",
          "{} {}",
          " ",
          "{\"a\":1e999}",
          "{'a':1}",
          "{\"a\":NaN}",
          "{\"a\":\"\xff\"}",
          "{\"a\":\"\\ud800\"}",
          "{\"a\":\"\xed\xa0\x80\"}",
          "{\"a\":\"tab\there\"}",
          "\xff{}"}) {
        const auto parsed = parse_object(body);
        ASSERT_FALSE(parsed.has_value()) << body;
        EXPECT_EQ(parsed.error().status, 400) << body;
        EXPECT_EQ(parsed.error().code, "not_json") << body;
    }
}

std::string nested(std::size_t depth) {
    return R"({"a":)" + times(depth - 1, "[") + times(depth - 1, "]") + "}";
}

TEST(ParseObject, TakesNestingUpToTheLimitAndRefusesOneMore) {
    EXPECT_TRUE(parse_object(nested(limits::json_nesting_max)).has_value());
    const auto deeper = parse_object(nested(limits::json_nesting_max + 1));
    ASSERT_FALSE(deeper.has_value());
    EXPECT_EQ(deeper.error().status, 400);
    EXPECT_NE(deeper.error().detail.find("nested"), std::string::npos);
}

TEST(ParseObject, DoesNotCountBracketsInTexts) {
    const std::string body = R"({"a":"\"[[[)" + times(100, "[{") + R"("})";
    EXPECT_TRUE(parse_object(body).has_value());
}

TEST(ParseObject, LooksNoFurtherThanTheLimitIntoAMebibyteOfBrackets) {
    const auto refused = parse_object(std::string(limits::body_bytes_max, '['));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().status, 400);
}

TEST(ReadRegistration, FoldsTheUsernameAndShowsItAsItWasSent) {
    const auto read = read_registration({{"username", "Alice.B-1_"}, {"password", "12345678"}});
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->username, "alice.b-1_");
    EXPECT_EQ(read->display_name, "Alice.B-1_");
    EXPECT_EQ(read->password, "12345678");
}

TEST(ReadRegistration, TakesADisplayName) {
    const auto body = with(registration(), "display_name", "\xe5\x8c\x97\xe4\xba\xac");
    EXPECT_EQ(read_registration(body).value().display_name, "\xe5\x8c\x97\xe4\xba\xac");
    EXPECT_EQ(
        read_registration(with(registration(), "display_name", nullptr)).value().display_name,
        "alice"
    );
}

TEST(ReadRegistration, HoldsUsernamesToTheirBoundsAndAlphabet) {
    for (const std::string& good : {std::string("abc"), times(32, "a"), std::string("._-")})
        EXPECT_TRUE(read_registration(with(registration(), "username", good)).has_value()) << good;
    for (const json& bad :
         {json("ab"),
          json(times(33, "a")),
          json("al ice"),
          json("al@ce"),
          json("\xc3\xa9tienne"),
          json(""),
          json(7),
          json(nullptr),
          json(json::array())})
        expect_422(read_registration(with(registration(), "username", bad)), "username");
    expect_422(read_registration({{"password", "12345678"}}), "username");
}

TEST(ReadRegistration, HoldsPasswordsToTheirBoundsInCharacters) {
    for (const std::string& good :
         {times(8, "x"), times(128, "\xc3\xa9"), std::string("a\r\n\x01 5678")})
        EXPECT_TRUE(read_registration(with(registration(), "password", good)).has_value());
    for (const json& bad : {json(times(7, "\xc3\xa9")), json(times(129, "x")), json(12345678)})
        expect_422(read_registration(with(registration(), "password", bad)), "password");
}

TEST(ReadRegistration, HoldsDisplayNamesToTheirBounds) {
    EXPECT_TRUE(
        read_registration(with(registration(), "display_name", times(64, "\xf0\x9f\x98\x80")))
            .has_value()
    );
    for (const json& bad : {json(""), json(times(65, "x")), json("a\x07"), json(true)})
        expect_422(read_registration(with(registration(), "display_name", bad)), "display_name");
}

TEST(ReadCredentials, TakesAnyTextSoThatItCanFailLikeAWrongPassword) {
    const auto read = read_credentials({{"username", "No Such\x01"}, {"password", ""}});
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->username, "no such\x01");
    EXPECT_EQ(read->password, "");
    expect_422(read_credentials({{"password", "x"}}), "username");
    expect_422(read_credentials({{"username", "x"}, {"password", false}}), "password");
}

TEST(ReadNewPassword, ChecksOnlyTheNewOne) {
    const auto read = read_new_password({{"current", "x"}, {"new", "12345678"}});
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->current, "x");
    EXPECT_EQ(read->next, "12345678");
    expect_422(read_new_password({{"new", "12345678"}}), "current");
    expect_422(read_new_password({{"current", "x"}, {"new", "1234567"}}), "new");
    expect_422(read_new_password({{"current", "x"}}), "new");
}

TEST(ReadRefreshToken, TakesAText) {
    EXPECT_EQ(read_refresh_token({{"refresh_token", "abc"}}).value(), "abc");
    expect_422(read_refresh_token(json::object()), "refresh_token");
    expect_422(read_refresh_token({{"refresh_token", 1}}), "refresh_token");
}

TEST(ReadRename, NeedsADisplayName) {
    EXPECT_EQ(read_rename({{"display_name", "Al"}}).value().display_name, "Al");
    expect_422(read_rename(json::object()), "display_name");
    expect_422(read_rename({{"display_name", nullptr}}), "display_name");
}

}  // namespace
}  // namespace verbatim::testing
