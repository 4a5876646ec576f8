#include "protocol/secret_texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

using ::testing::MatchesRegex;

TEST(SecretTexts, AreRandomAndFitIntoAPath) {
    EXPECT_THAT(make_api_key().text, MatchesRegex("vbk_[-_0-9A-Za-z]{43}"));
    EXPECT_THAT(make_invite_code().text, MatchesRegex("[-_0-9A-Za-z]{22}"));
    EXPECT_NE(make_api_key().text, make_api_key().text);
    EXPECT_NE(make_invite_code().text, make_invite_code().text);
}

TEST(SecretTexts, AreFoundAgainByTheirHash) {
    const SecretText key = make_api_key();
    EXPECT_EQ(hash_of_secret(key.text), key.hash);
    EXPECT_NE(hash_of_secret(key.text + "A"), key.hash);
    const SecretText code = make_invite_code();
    EXPECT_EQ(hash_of_secret(code.text), code.hash);
}

TEST(SecretTexts, TellApiKeysFromTokens) {
    EXPECT_TRUE(is_api_key(make_api_key().text));
    EXPECT_FALSE(is_api_key("eyJhbGciOiJFZERTQSJ9.e30.c2ln"));
    EXPECT_FALSE(is_api_key(""));
}

}  // namespace
}  // namespace verbatim::testing
