#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

Account after(std::vector<AccountPast> history) {
    return folded(history);
}

TEST(AccountFold, HoldsWhatRulesNeedOfARegistration) {
    const Account expected{
        .phase = Account::Phase::active,
        .username = "alice",
        .display_name = "Alice",
        .credential = first_credential,
        .sessions = {},
        .roles = {},
        .keys = {}};
    EXPECT_TRUE(after({registered()}) == expected);
}

TEST(AccountFold, FollowsNamesPasswordsRolesAndSessions) {
    const Account expected{
        .phase = Account::Phase::active,
        .username = "alice",
        .display_name = "Alice L.",
        .credential = Version(3),
        .sessions =
            {{laptop, {.refresh_hash = "next token", .refreshed_at = seconds_after_noon(5)}}},
        .roles = {ServerRole::auditor},
        .keys = {}};
    const Account account = after({
        registered(),
        {.event = UserRenamed{.display_name = "Alice L."}, .by = alice},
        password_changed(),
        session_opened(laptop),
        session_opened(phone),
        session_refreshed(laptop, "next token", seconds_after_noon(5)),
        session_closed(phone),
        role_granted(ServerRole::auditor),
        role_granted(ServerRole::admin),
        {.event = RoleRevoked{.role = ServerRole::admin}, .by = bob},
    });
    EXPECT_TRUE(account == expected);
}

TEST(AccountFold, ReadsDestroyedContentsAsEmpty) {
    const Account account = after({
        {.event =
             UserRegistered{
                 .username = std::nullopt,
                 .display_name = std::nullopt,
                 .password_hash = std::nullopt},
         .by = alice},
        {.event =
             SessionOpened{
                 .session = laptop,
                 .address = std::nullopt,
                 .agent = std::nullopt,
                 .refresh_hash = std::nullopt},
         .by = alice},
    });
    EXPECT_EQ(account.username, "");
    EXPECT_EQ(account.display_name, "");
    EXPECT_EQ(account.sessions.at(laptop).refresh_hash, "");
}

TEST(AccountFold, IsNotMovedByEventsAboutUnknownSessionsAndRoles) {
    const Account account = after({
        registered(),
        session_refreshed(laptop, "next token"),
        session_closed(phone),
        {.event = RoleRevoked{.role = ServerRole::admin}, .by = bob},
    });
    EXPECT_TRUE(account == after({registered()}));
}

}  // namespace
}  // namespace verbatim::testing
