#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

constexpr KeyId robot = numbered<KeyId>(301);
constexpr KeyId other = numbered<KeyId>(302);
constexpr TokenHash hash{1, 2, 3};

CreateKey asked_for(KeyId key) {
    return {.key = key, .name = "robot", .scopes = {KeyScope::read}, .key_hash = hash};
}
KeyCreated recorded(KeyId key) {
    return {.key = key, .name = "robot", .scopes = {KeyScope::read}, .key_hash = hash};
}
AccountPast created(KeyId key) {
    return {.event = recorded(key), .by = alice};
}
AccountPast revoked(KeyId key) {
    return {.event = KeyRevoked{.key = key}, .by = alice};
}
std::vector<AccountPast> many_created(std::size_t count) {
    std::vector<AccountPast> history;
    for (std::size_t i = 0; i < count; ++i)
        history.push_back(created(numbered<KeyId>(static_cast<std::uint32_t>(10'000 + i))));
    return history;
}

TEST(CreateKey, RecordsItsNameScopesAndHash) {
    given(registered()).when(asked_for(robot), by(alice)).then(recorded(robot));
}

TEST(CreateKey, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account().when(asked_for(robot), by(alice)).then_refused(Rule::account_is_not_active);
}

TEST(CreateKey, StaysQuietWhenTheKeyIsThereAlready) {
    given(registered(), created(robot)).when(asked_for(robot), by(alice)).then_nothing();
}

TEST(CreateKey, MakesAsManyAsAUserMayHaveAndNoMore) {
    given(registered())
        .and_then(many_created(limits::keys_per_user_max - 1))
        .when(asked_for(robot), by(alice))
        .then(recorded(robot));
    given(registered())
        .and_then(many_created(limits::keys_per_user_max))
        .when(asked_for(robot), by(alice))
        .then_refused(Rule::user_has_too_many_keys);
}

TEST(CreateKey, IsAlreadySoBeforeTheLimitIsReached) {
    given(registered(), created(robot))
        .and_then(many_created(limits::keys_per_user_max - 1))
        .when(asked_for(robot), by(alice))
        .then_nothing();
}

TEST(CreateKey, DoesNotCountThoseThatWereRevoked) {
    given(registered(), created(other), revoked(other))
        .and_then(many_created(limits::keys_per_user_max - 1))
        .when(asked_for(robot), by(alice))
        .then(recorded(robot));
}

TEST(RevokeKey, RecordsWhichOne) {
    given(registered(), created(robot), created(other))
        .when(RevokeKey{robot}, by(alice))
        .then(KeyRevoked{.key = robot});
}

TEST(RevokeKey, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account().when(RevokeKey{robot}, by(alice)).then_refused(Rule::account_is_not_active);
}

TEST(RevokeKey, StaysQuietWhenTheKeyIsUnknown) {
    given(registered(), created(other)).when(RevokeKey{robot}, by(alice)).then_nothing();
}

TEST(RevokeKey, StaysQuietWhenTheKeyIsRevoked) {
    given(registered(), created(robot), revoked(robot))
        .when(RevokeKey{robot}, by(alice))
        .then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
