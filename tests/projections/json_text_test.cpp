#include "projections/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

namespace verbatim::testing {
namespace {

template <class Value>
std::string json_of(const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
}

TEST(JsonText, EscapesWhatMustBeEscapedAndNothingElse) {
    EXPECT_EQ(json_of(std::string_view("")), R"("")");
    EXPECT_EQ(json_of(std::string_view("plain / 北京 \x7f")), "\"plain / 北京 \x7f\"");
    EXPECT_EQ(json_of(std::string_view("a\"b\\c")), R"("a\"b\\c")");
    EXPECT_EQ(json_of(std::string_view("\b\f\n\r\t")), R"("\b\f\n\r\t")");
    EXPECT_EQ(json_of(std::string_view("\x01\x1f\0z", 4)), "\"\\u0001\\u001f\\u0000z\"");
}

TEST(JsonText, EscapesAtEveryPlaceOfALongText) {
    for (std::size_t at = 0; at < 40; ++at) {
        for (const char character : {'"', '\\', '\n', '\x1f', ' ', '\x7f'}) {
            std::string text(40, 'x');
            text[at] = character;
            EXPECT_EQ(json_of(std::string_view(text)), nlohmann::json(text).dump());
        }
    }
}

TEST(JsonText, IsWhatAParserReadsBack) {
    EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& codes) {
        std::string text;
        for (const std::uint8_t code : codes) {
            if (code < 0x80) {
                text += static_cast<char>(code);
            } else {
                text += "\u00e9\u5317";
            }
        }
        RC_ASSERT(nlohmann::json::parse(json_of(std::string_view(text))) == text);
        RC_ASSERT(json_of(std::string_view(text)) == nlohmann::json(text).dump());
    }));
}

TEST(JsonText, WritesNullForWhatIsAbsent) {
    EXPECT_EQ(json_of(Text()), "null");
    EXPECT_EQ(json_of(Text("x")), R"("x")");
    EXPECT_EQ(json_of(std::optional<Timestamp>()), "null");
}

TEST(JsonText, WritesNumbersInFull) {
    EXPECT_EQ(json_of(std::uint64_t{0}), "0");
    EXPECT_EQ(json_of(~std::uint64_t{0}), "18446744073709551615");
}

TEST(JsonText, WritesTimesWithSixDigitsInUtc) {
    EXPECT_EQ(json_of(Timestamp(0)), R"("1970-01-01T00:00:00.000000Z")");
    EXPECT_EQ(rfc3339(Timestamp(1'709'210'096'000'007)), "2024-02-29T12:34:56.000007Z");
    EXPECT_EQ(rfc3339(Timestamp(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(JsonText, WritesIdsQuoted) {
    std::string out;
    append_json_id(out, UserId());
    EXPECT_EQ(out, R"("user_00000000000000000000000000")");
}

struct TimeCase {
    std::string_view text;
    std::string_view utc;  // empty: none
};

class ParseRfc3339 : public ::testing::TestWithParam<TimeCase> {};

TEST_P(ParseRfc3339, ReadsExactlyWhatTheRfcAllows) {
    const auto parsed = parse_rfc3339(GetParam().text);
    EXPECT_EQ(parsed ? rfc3339(*parsed) : "", GetParam().utc) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Valid,
    ParseRfc3339,
    ::testing::Values(
        TimeCase{"1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520000Z"},
        TimeCase{"1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000000Z"},
        TimeCase{"1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870000Z"},
        TimeCase{"2024-02-29t00:00:00z", "2024-02-29T00:00:00.000000Z"},
        TimeCase{"2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456Z"},
        TimeCase{"2024-01-01T00:00:00.9999999Z", "2024-01-01T00:00:00.999999Z"},
        TimeCase{"2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00.000000Z"},
        TimeCase{"2024-01-01T00:00:00+23:59", "2023-12-31T00:01:00.000000Z"},
        TimeCase{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"},
        TimeCase{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        TimeCase{"1990-12-31T23:59:60Z", "1990-12-31T23:59:59.999999Z"},
        TimeCase{"1990-12-31T15:59:60.5-08:00", "1990-12-31T23:59:59.999999Z"}
    )
);

INSTANTIATE_TEST_SUITE_P(
    Invalid,
    ParseRfc3339,
    ::testing::Values(
        TimeCase{"", ""},
        TimeCase{"2024-01-01", ""},
        TimeCase{"2024-01-01T00:00:00", ""},
        TimeCase{"2024-01-01 00:00:00Z", ""},
        TimeCase{"2024-01-01T00:00Z", ""},
        TimeCase{"2024-01-01T00:00:00.Z", ""},
        TimeCase{"2024-01-01T00:00:00.1234567890Z", ""},
        TimeCase{"2024-01-01T00:00:00,5Z", ""},
        TimeCase{"2024-01-01T00:00:00Z ", ""},
        TimeCase{" 2024-01-01T00:00:00Z", ""},
        TimeCase{"2024-1-01T00:00:00Z", ""},
        TimeCase{"+2024-01-01T00:00:00Z", ""},
        TimeCase{"2023-02-29T00:00:00Z", ""},
        TimeCase{"2024-13-01T00:00:00Z", ""},
        TimeCase{"2024-00-01T00:00:00Z", ""},
        TimeCase{"2024-04-31T00:00:00Z", ""},
        TimeCase{"2024-04-00T00:00:00Z", ""},
        TimeCase{"2024-01-01T24:00:00Z", ""},
        TimeCase{"2024-01-01T00:60:00Z", ""},
        TimeCase{"2024-01-01T00:00:61Z", ""},
        TimeCase{"2024-01-01T00:00:00+24:00", ""},
        TimeCase{"2024-01-01T00:00:00+00:60", ""},
        TimeCase{"2024-01-01T00:00:00+0100", ""},
        TimeCase{"2024-01-01T00:00:00+01", ""},
        TimeCase{"0000-01-01T00:00:00+00:01", ""},
        TimeCase{"9999-12-31T23:59:59-00:01", ""},
        // Leap seconds end a month in UTC.
        TimeCase{"1990-12-31T23:58:60Z", ""},
        TimeCase{"1990-12-30T23:59:60Z", ""},
        TimeCase{"1990-12-31T23:59:60-08:00", ""}
    )
);

TEST(ParseRfc3339, ReadsBackWhatIsWritten) {
    EXPECT_TRUE(rc::check([] {
        const auto us =
            *rc::gen::inRange<std::int64_t>(-62'167'219'200'000'000, 253'402'300'800'000'000);
        RC_ASSERT(parse_rfc3339(rfc3339(Timestamp(us))) == Timestamp(us));
    }));
}

}  // namespace
}  // namespace verbatim::testing
