#include "protocol/emoji.hpp"

#include "domain/limits.hpp"

#include <gtest/gtest.h>
#include <string>

namespace verbatim::testing {
namespace {

TEST(IsEmoji, SaysSoOfOneOfEveryKind) {
    for (const std::string emoji :
         {"👍",         // alone
          "👍🏽",  // with a skin tone
          "❤\ufe0f",   // with emoji presentation
          "❤",         // without, as older clients write it
          "☺\ufe0f",
          "👨\u200d👩\u200d👧\u200d👦",  // joined
          "👩🏽\u200d💻",      // joined, with a skin tone inside
          "👁\ufe0f\u200d🗨\ufe0f",
          "👁\u200d🗨",  // the same without presentation
          "🏳\ufe0f\u200d🌈",
          "❤\ufe0f\u200d🔥",
          "🇩🇪",  // a flag of two letters
          "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  // England
          "1\ufe0f\u20e3",
          "#\u20e3",
          "*\ufe0f\u20e3",
          "🏽",
          "🫨",                 // of Unicode 15.0
          "\U0001fae9",           // of 16.0, newer than the tables
          "🙂\u200d↔\ufe0f",  // a new sequence of old characters
          "©\ufe0f"})
        EXPECT_TRUE(is_emoji(emoji)) << emoji;
}

TEST(IsEmoji, DeniesItOfEverythingElse) {
    for (const std::string text :
         {"",
          "+1",
          ":+1:",
          "a",
          "1",
          "#",
          "1\ufe0f",  // a digit with presentation, but no keycap
          "北",
          "★",        // a pictograph, but no emoji
          "❤\ufe0e",  // text presentation asked for
          "👍👍",
          "👍 ",
          " 👍",
          "👍a",
          "👍🏽🏽",
          "❤\ufe0f\ufe0f",
          "🇩",  // half a flag
          "🇩🇪🇩",
          "🇩🇪🇫🇷",
          "👨\u200d",  // joined with nothing
          "\u200d👨",
          "👨\u200d\u200d👩",
          "👨\u200da",
          "\ufe0f",
          "\u20e3",
          "🏴\U000e0067\U000e0062",  // tags that do not end
          "👍\xff",
          "\xf0\x9f\x91",
          "👍\n"})
        EXPECT_FALSE(is_emoji(text)) << text;
}

TEST(IsEmoji, DeniesItBeyondTheLimit) {
    // 4 bytes each, and 3 for what joins them.
    std::string family = "👩";
    while (family.size() + 7 <= limits::emoji_bytes_max) family += "\u200d👩";
    EXPECT_TRUE(is_emoji(family));
    EXPECT_FALSE(is_emoji(family + "\u200d👩"));
}

}  // namespace
}  // namespace verbatim::testing
