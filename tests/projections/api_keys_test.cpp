#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto first = numbered_id<KeyId>(21);
const auto second = numbered_id<KeyId>(22);

TokenHash hash_numbered(std::uint8_t number) {
    TokenHash hash{};
    hash.fill(number);
    return hash;
}
KeyCreated created(const KeyId& key, std::uint8_t hash) {
    return {
        .key = key,
        .name = "bot",
        .scopes = {KeyScope::send, KeyScope::read},
        .key_hash = hash_numbered(hash)};
}

TEST(ApiKeys, AreFoundByIdAndByHash) {
    Story story;
    const auto event = story.account(alice, created(first, 7));
    for (const auto& row :
         {story.views().api_keys().key(first).value(),
          story.views().api_keys().by_hash(hash_numbered(7)).value()}) {
        ASSERT_TRUE(row);
        EXPECT_EQ(row->key, first);
        EXPECT_EQ(row->user, alice);
        EXPECT_EQ(row->name, "bot");
        EXPECT_EQ(row->scopes, (std::vector{KeyScope::send, KeyScope::read}));
        EXPECT_EQ(row->key_hash, hash_numbered(7));
        EXPECT_EQ(row->created_at, event.at);
    }
    EXPECT_FALSE(story.views().api_keys().by_hash(hash_numbered(8)).value());
}

TEST(ApiKeys, AreListedByUserTheOldestFirst) {
    Story story;
    story.account(alice, created(second, 2));
    story.account(alice, created(first, 1));
    story.account(bob, created(numbered_id<KeyId>(23), 3));
    const auto keys = story.views().api_keys().of_user(alice).value();
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].key, second);
    EXPECT_EQ(keys[1].key, first);
}

TEST(ApiKeys, LeaveNothingBehindWhenRevoked) {
    Story story;
    story.account(alice, created(first, 1));
    story.account(alice, KeyRevoked{first});
    story.account(alice, KeyRevoked{first});
    EXPECT_FALSE(story.views().api_keys().key(first).value());
    EXPECT_FALSE(story.views().api_keys().by_hash(hash_numbered(1)).value());
    EXPECT_TRUE(story.views().api_keys().of_user(alice).value().empty());
    EXPECT_TRUE(rows_of(story.views()).at("api_keys").empty());
}

}  // namespace
}  // namespace verbatim::testing
