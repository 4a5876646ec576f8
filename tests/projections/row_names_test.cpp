#include "projections/row_names.hpp"

#include "domain/type_id.hpp"
#include "projections/row_codec.hpp"
#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto hall = numbered_id<RoomId>(2);

TEST(RowNames, SayWhatAKeyIsAbout) {
    EXPECT_EQ(
        name_of_row("memberships", RowKey('m').id(hall).id(alice)),
        "member " + to_text(hall) + " " + to_text(alice)
    );
    EXPECT_EQ(
        name_of_row("room_timeline", RowKey('m').id(hall).number(~std::uint64_t{7})),
        "message " + to_text(hall) + " 7"
    );
    EXPECT_EQ(name_of_row("users", "nalice"), "username alice");
    EXPECT_EQ(name_of_row("search", "message at position 3"), "message at position 3");
}

TEST(RowNames, ShowKeysThatAreNoneInHex) {
    EXPECT_EQ(name_of_row("memberships", std::string("m\x01", 2)), "key 6d01");
    EXPECT_EQ(name_of_row("nothing", std::string("\xff", 1)), "key ff");
}

TEST(RowNames, ShowValuesAsTextWhereTheyAreAndCutThemOff) {
    EXPECT_EQ(shown_value(R"({"seq":1})"), R"({"seq":1})");
    EXPECT_EQ(shown_value(std::string("\x00\x1f", 2)), "hex 001f");
    EXPECT_EQ(shown_value(std::string(500, 'x')), std::string(400, 'x') + "…");
    EXPECT_EQ(shown_value(""), "");
}

TEST(RowNames, KnowEveryKindOfRow) {
    TestViews test;
    apply_to(*test.views, RandomHistory(61).next(3'000));
    for (const std::string& view : Views::names()) {
        const auto read = test.views->for_each_row(view, [&](std::string_view key, auto) {
            EXPECT_FALSE(name_of_row(view, key).starts_with("key ")) << view << " " << key[0];
        });
        EXPECT_TRUE(read);
    }
}

}  // namespace
}  // namespace verbatim::testing
