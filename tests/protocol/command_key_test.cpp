#include "protocol/command_key.hpp"

#include "eventstore/digest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

const UserId ada{Uuid{{1}}};
constexpr std::string_view target = "POST /api/v1/rooms/room_1/messages";
constexpr std::string_view yes = R"({"text":"yes"})";

TEST(CommandKeys, TellARetryFromAnotherRequest) {
    const CommandKeys keys(Seed{1});
    const CommandKey first = keys.make(ada, "k", target, yes, 201);
    EXPECT_EQ(keys.make(ada, "k", target, yes, 201), first);
    const CommandKey other = keys.make(ada, "k", target, R"({"text":"no"})", 201);
    EXPECT_EQ(other.key, first.key);
    EXPECT_NE(other.fingerprint, first.fingerprint);
    EXPECT_NE(keys.make(UserId{Uuid{{2}}}, "k", target, yes, 201).key, first.key);
}

TEST(CommandKeys, SayNothingOfAShortTextToWhoeverLacksTheSecret) {
    const CommandKey key = CommandKeys(Seed{1}).make(ada, "k", target, yes, 201);
    EXPECT_NE(CommandKeys(Seed{2}).make(ada, "k", target, yes, 201).fingerprint, key.fingerprint);
    const Digest guessed = sha256({target, std::string_view("\0", 1), yes});
    EXPECT_FALSE(std::equal(key.fingerprint.begin(), key.fingerprint.end(), guessed.begin()));
}

TEST(CommandKeys, KeepTheirSecretInAFileOfItsOwn) {
    const TemporaryFolder folder;
    const auto made = CommandKeys::open(folder.path());
    ASSERT_TRUE(made);
    const auto again = CommandKeys::open(folder.path());
    EXPECT_EQ(
        again->make(ada, "k", target, yes, 201).fingerprint,
        made->make(ada, "k", target, yes, 201).fingerprint
    );
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "request.key"));
}

}  // namespace
}  // namespace verbatim::testing
