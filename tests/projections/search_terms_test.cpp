#include "projections/search_terms.hpp"

#include "projections/search_scope.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Tokens = std::vector<std::string>;

class SearchTokens : public ::testing::Test {
protected:
    SearchTokens() {
        auto database =
            SqliteDatabase::open(folder_.path() / "tokens.sqlite", SqliteDatabase::Access::write);
        database_ = *std::move(database);
        tokenizer_ = *SearchTokenizer::install(*database_);
    }
    [[nodiscard]] Tokens tokens(std::string_view text) const {
        return *tokenizer_->tokens_of(text);
    }
    [[nodiscard]] SearchTerms terms(std::string_view query) const {
        return *SearchTerms::parse(query, *tokenizer_);
    }
    [[nodiscard]] bool finds(std::string_view query, std::string_view text) const {
        return terms(query).match(tokens(text));
    }

private:
    TemporaryFolder folder_;
    std::unique_ptr<SqliteDatabase> database_;
    std::unique_ptr<SearchTokenizer> tokenizer_;
};

TEST_F(SearchTokens, AreWordsFoldedAndWithoutDiacritics) {
    EXPECT_THAT(
        tokens("Café, naïve ÜBER-Größe 42!"), ElementsAre("cafe", "naive", "uber", "große", "42")
    );
    EXPECT_THAT(tokens("snake_case don't"), ElementsAre("snake", "case", "don", "t"));
    EXPECT_THAT(tokens("Привет, МИР"), ElementsAre("привет", "мир"));
    EXPECT_THAT(tokens("مرحبا بالعالم"), ElementsAre("مرحبا", "بالعالم"));
    EXPECT_THAT(tokens(""), IsEmpty());
    EXPECT_THAT(tokens(" \n\"*-^:(){}+ "), IsEmpty());
}

TEST_F(SearchTokens, AreSingleCharactersWhereNoSpacesAreWritten) {
    EXPECT_THAT(tokens("我在北京。"), ElementsAre("我", "在", "北", "京"));
    EXPECT_THAT(tokens("東京タワーへGo"), ElementsAre("東", "京", "タ", "ワ", "ー", "へ", "go"));
    EXPECT_THAT(tokens("서울에서 만나요"), ElementsAre("서", "울", "에", "서", "만", "나", "요"));
    EXPECT_THAT(tokens("𠮷野家"), ElementsAre("𠮷", "野", "家")) << "beyond the basic plane";
    EXPECT_THAT(tokens("ฉันรัก"), ElementsAre("ฉ", "ั", "น", "ร", "ั", "ก"));
    EXPECT_THAT(tokens("v2版本3"), ElementsAre("v2", "版", "本", "3"));
}

TEST_F(SearchTokens, AreEmojiToo) {
    EXPECT_THAT(tokens("great🎉🎉 ❤️"), ElementsAre("great", "🎉", "🎉", "❤"));
    EXPECT_THAT(tokens("👩‍💻"), ElementsAre("👩", "💻"));
}

TEST_F(SearchTokens, OfBrokenTextAreNotReadBeyondItsEnd) {
    for (const std::string_view broken : {"\xe5\x8c", "\xf0", "a\xff\xfe", "\xe5"})
        EXPECT_NO_FATAL_FAILURE(static_cast<void>(tokens(broken)));
}

TEST_F(SearchTokens, OfAScopeAreNoTokensOfAText) {
    const auto room = scope_token(RoomId(Uuid{.bytes = {1}}));
    const std::string document =
        std::string(1, scope_begin) + room + " Y2024" + scope_end + "Y2024";
    EXPECT_THAT(tokens(document), ElementsAre(room, "Y2024", "y2024"));
    EXPECT_THAT(tokens(room), ::testing::Not(ElementsAre(room)));
}

TEST_F(SearchTokens, OfAQueryMustAllBeThereAndPhrasesInOrder) {
    EXPECT_TRUE(finds("北京", "我在北京"));
    EXPECT_FALSE(finds("北京", "京北")) << "a phrase";
    EXPECT_FALSE(finds("北京", "北方和东京"));
    EXPECT_TRUE(finds("cafe RESUME", "My résumé, in a Café"));
    EXPECT_FALSE(finds("caf", "café")) << "whole words";
    EXPECT_TRUE(finds("\"red fox\" lazy", "lazy red fox"));
    EXPECT_FALSE(finds("\"red fox\"", "fox red"));
    EXPECT_TRUE(finds("\"red fox", "a red fox")) << "never closed";
    EXPECT_TRUE(finds("red\"fox\"", "fox, red"));
    EXPECT_TRUE(finds("東京\u3000天気", "天気は東京")) << "the ideographic space is a space";
    EXPECT_TRUE(terms("\"\" * ^ - ( ) : {} +").empty());
    EXPECT_TRUE(terms("").empty());
}

TEST_F(SearchTokens, OfAQueryReachFts5InQuotesOnly) {
    EXPECT_EQ(terms("a OR b NOT c*").expression(), R"("a" AND "OR" AND "b" AND "NOT" AND "c*")");
    EXPECT_EQ(
        terms("NEAR(x 5) -y document:z ^w").expression(),
        R"-("NEAR(x" AND "5)" AND "-y" AND "document:z" AND "^w")-"
    );
    EXPECT_EQ(terms("x\" OR \"y").expression(), R"("x" AND " OR " AND "y")");
    EXPECT_EQ(terms(std::string("\x01room\0x\x02", 8)).expression(), R"("room" AND "x")");
}

TEST(SearchTimes, AreCoveredByFewTokens) {
    const auto day = [](std::int64_t number) { return Timestamp(number * 86'400'000'000); };
    EXPECT_THAT(time_tokens(day(19'723)), ElementsAre("Y2024", "M2024-1", "D19723"));
    EXPECT_THAT(time_cover({}, {}), IsEmpty());
    EXPECT_THAT(time_cover(day(19'723), day(19'724)), ElementsAre("D19723", "D19724"));
    // 2023-12-31 to 2025-02-02: a day, a year, a month, two days
    EXPECT_THAT(
        time_cover(day(19'722), day(20'121)),
        ElementsAre("D19722", "Y2024", "M2025-1", "D20120", "D20121")
    );
    EXPECT_THAT(time_cover(day(19'724), day(19'723)), IsEmpty());
    EXPECT_LE(time_cover(day(1), Timestamp(INT64_MAX)).size(), 200u);
    EXPECT_EQ(time_tokens(Timestamp(INT64_MIN)).front(), "Y1970");
    EXPECT_EQ(time_tokens(Timestamp(INT64_MAX)).front(), "Y2069");
}

}  // namespace

}  // namespace verbatim::testing
