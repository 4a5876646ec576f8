#include "domain/rejection.hpp"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace verbatim::testing {
namespace {

TEST(Rule, HasItsOwnNameAsCode) {
    EXPECT_EQ(code_of(Rule::username_is_taken), "username_is_taken");
    EXPECT_EQ(code_of(Rule::banned), "banned");
    EXPECT_EQ(code_of(Rule::room_needs_an_owner), "room_needs_an_owner");
    EXPECT_EQ(code_of(Rule::read_marker_is_beyond_room), "read_marker_is_beyond_room");
}

TEST(Rule, HasACodeOfLowerCaseWordsThatNoOtherHas) {
    std::set<std::string_view> codes;
    const int last = static_cast<int>(Rule::read_marker_is_beyond_room);
    for (int number = 0; number <= last; ++number) {
        const std::string_view code = code_of(static_cast<Rule>(number));
        EXPECT_EQ(code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), code.npos) << code;
        EXPECT_TRUE(codes.insert(code).second) << code;
    }
}

}  // namespace
}  // namespace verbatim::testing
