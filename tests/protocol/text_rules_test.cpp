#include "protocol/text_rules.hpp"

#include "protocol/request_json.hpp"

#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

TEST(Utf8, IsValidWhereUnicodeSaysSo) {
    for (const std::string_view text :
         {"",
          "plain",
          "\xc3\xa9",
          "\xe5\x8c\x97\xe4\xba\xac",
          "\xf0\x9f\x98\x80",
          "\xef\xbf\xbf",
          "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(Utf8, IsRefusedWhenBroken) {
    const std::pair<std::string_view, const char*> broken[] = {
        {"\x80", "continuation alone"},
        {"\xc3", "cut off"},
        {"\xc0\xaf", "overlong, two bytes"},
        {"\xe0\x80\xaf", "overlong, three bytes"},
        {"\xf0\x80\x80\xaf", "overlong, four bytes"},
        {"\xed\xa0\x80", "surrogate"},
        {"\xf4\x90\x80\x80", "beyond U+10FFFF"},
        {"\xff", "never a byte of UTF-8"},
    };
    for (const auto& [text, why] : broken) EXPECT_FALSE(is_valid_utf8(text)) << why;
}

TEST(CountCodePoints, CountsCodePointsNotBytes) {
    EXPECT_EQ(count_code_points(""), 0U);
    EXPECT_EQ(count_code_points("abc"), 3U);
    EXPECT_EQ(count_code_points("\xe5\x8c\x97\xe4\xba\xac"), 2U);
    EXPECT_EQ(count_code_points("\xf0\x9f\x98\x80!"), 2U);
    EXPECT_EQ(count_code_points("e\xcc\x81"), 2U) << "a letter and a combining accent";
}

TEST(TextRules, RefuseControlCharactersButNewlineAndTab) {
    constexpr CharacterBounds bounds{0, 10};
    EXPECT_FALSE(fault_in_text("a\nb\tc", bounds));
    EXPECT_FALSE(fault_in_text("\xc2\xa0", bounds)) << "no-break space";
    EXPECT_FALSE(fault_in_text("\xe0\xa4\x85", bounds)) << "0x85 as a continuation";
    for (const std::string_view text :
         {std::string_view("\0", 1),
          std::string_view("\r"),
          std::string_view("\x1b[0m"),
          std::string_view("\x7f"),
          std::string_view("\xc2\x80"),
          std::string_view("\xc2\x9f")})
        EXPECT_TRUE(fault_in_text(text, bounds));
}

TEST(TextRules, CountCodePointsAgainstBothBounds) {
    constexpr CharacterBounds bounds{2, 3};
    EXPECT_TRUE(fault_in_text("\xe5\x8c\x97", bounds));
    EXPECT_FALSE(fault_in_text("\xe5\x8c\x97\xe4\xba\xac", bounds));
    EXPECT_FALSE(fault_in_text("abc", bounds));
    EXPECT_TRUE(fault_in_text("abcd", bounds));
}

TEST(TextRules, FoldAsciiOnly) {
    EXPECT_EQ(folded("A-Z_\xc3\x89.9"), "a-z_\xc3\x89.9");
}

}  // namespace
}  // namespace verbatim::testing
