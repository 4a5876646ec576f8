#include "domain/type_id.hpp"

#include "tests/domain/scenario.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace verbatim::testing {
namespace {

Uuid uuid_of(std::string_view hexadecimal) {
    Uuid uuid;
    std::size_t nibbles = 0;
    for (const char character : hexadecimal) {
        if (character == '-') continue;
        const int nibble = character <= '9' ? character - '0' : character - 'a' + 10;
        auto& byte = uuid.bytes[nibbles++ / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | nibble);
    }
    return uuid;
}

struct ValidVector {
    std::string_view type_id;
    std::string_view prefix;
    std::string_view uuid;
};

// The specification's spec/valid.yml and spec/invalid.yml, version 0.3.0.
constexpr ValidVector valid_vectors[] = {
    {"00000000000000000000000000", "", "00000000-0000-0000-0000-000000000000"},
    {"00000000000000000000000001", "", "00000000-0000-0000-0000-000000000001"},
    {"0000000000000000000000000a", "", "00000000-0000-0000-0000-00000000000a"},
    {"0000000000000000000000000g", "", "00000000-0000-0000-0000-000000000010"},
    {"00000000000000000000000010", "", "00000000-0000-0000-0000-000000000020"},
    {"7zzzzzzzzzzzzzzzzzzzzzzzzz", "", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"prefix_0123456789abcdefghjkmnpqrs", "prefix", "0110c853-1d09-52d8-d73e-1194e95b5f19"},
    {"prefix_01h455vb4pex5vsknk084sn02q", "prefix", "01890a5d-ac96-774b-bcce-b302099a8057"},
    {"pre_fix_00000000000000000000000000", "pre_fix", "00000000-0000-0000-0000-000000000000"},
};

constexpr std::string_view invalid_vectors[] = {
    "PREFIX_00000000000000000000000000",
    "12345_00000000000000000000000000",
    "pre.fix_00000000000000000000000000",
    "pr\xc3\xa9"
    "fix_00000000000000000000000000",
    "  prefix_00000000000000000000000000",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl_00000000000000000000000000",
    "_00000000000000000000000000",
    "_",
    "prefix_1234567890123456789012345",
    "prefix_123456789012345678901234567",
    "prefix_1234567890123456789012345 ",
    "prefix_0123456789ABCDEFGHJKMNPQRS",
    "prefix_123456789-123456789-123456",
    "prefix_ooooooiiiiiiuuuuuuulllllll",
    "prefix_i23456789ol23456789oi23456",
    "prefix_123456789-0123456789-0123456",
    "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "_prefix_00000000000000000000000000",
    "prefix__00000000000000000000000000",
};

TEST(TypeId, ReadsEveryValidVectorOfTheSpecification) {
    for (const auto& vector : valid_vectors) {
        const TypeId expected{.prefix = std::string(vector.prefix), .uuid = uuid_of(vector.uuid)};
        EXPECT_TRUE(parse_type_id(vector.type_id) == expected) << vector.type_id;
    }
}

TEST(TypeId, WritesEveryValidVectorOfTheSpecification) {
    for (const auto& vector : valid_vectors)
        EXPECT_EQ(type_id_text(vector.prefix, uuid_of(vector.uuid)), vector.type_id);
}

TEST(TypeId, RefusesEveryInvalidVectorOfTheSpecification) {
    for (const auto text : invalid_vectors) EXPECT_FALSE(parse_type_id(text)) << text;
}

TEST(TypeId, RefusesTheEmptyTextAndZeroBytes) {
    EXPECT_FALSE(parse_type_id(""));
    EXPECT_FALSE(parse_type_id(std::string_view("prefix_0000000000000000000000000\0", 33)));
    EXPECT_FALSE(parse_type_id(std::string_view("\xff\xff", 2)));
}

TEST(TypeId, TakesAPrefixOfSixtyThreeCharactersAndNoMore) {
    const std::string suffix = "_00000000000000000000000000";
    EXPECT_TRUE(parse_type_id(std::string(63, 'a') + suffix));
    EXPECT_FALSE(parse_type_id(std::string(64, 'a') + suffix));
}

TEST(TypeId, ReadsBackWhateverItWrote) {
    EXPECT_TRUE(rc::check("parse ∘ text = id", [](const std::array<std::uint8_t, 16>& bytes) {
        const TypeId id{.prefix = "pre_fix", .uuid = Uuid{bytes}};
        RC_ASSERT(parse_type_id(type_id_text(id.prefix, id.uuid)) == id);
        RC_ASSERT(parse_base32(base32_text(id.uuid)) == id.uuid);
    }));
}

TEST(TypeId, IsStrictAboutTheKindOfId) {
    const std::string text = to_text(UserId(uuid_of("01890a5d-ac96-774b-bcce-b302099a8057")));
    EXPECT_EQ(text, "user_01h455vb4pex5vsknk084sn02q");
    EXPECT_TRUE(parse_id<UserId>(text) == UserId(uuid_of("01890a5d-ac96-774b-bcce-b302099a8057")));
    EXPECT_FALSE(parse_id<RoomId>(text));
    EXPECT_FALSE(parse_id<FileId>(text));
    EXPECT_FALSE(parse_id<UserId>("user-01h455vb4pex5vsknk084sn02q"));
    EXPECT_FALSE(parse_id<UserId>("01h455vb4pex5vsknk084sn02q"));
    EXPECT_FALSE(parse_id<UserId>(text + "0"));
    EXPECT_FALSE(parse_id<UserId>(""));
}

TEST(TypeIdDeathTest, WillNotWriteAnInvalidPrefix) {
    EXPECT_DEATH((void)type_id_text("User", Uuid{}), "prefix");
}

}  // namespace
}  // namespace verbatim::testing
