#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

const RegisterUser registration{
    .username = "alice", .display_name = "Alice", .password_hash = "first hash"};

TEST(RegisterUser, RecordsTheNewAccount) {
    given_no_account()
        .when(registration, by(alice))
        .then(UserRegistered{
            .username = "alice", .display_name = "Alice", .password_hash = "first hash"});
}

TEST(RegisterUser, IsRefusedWhenTheAccountIsRegistered) {
    given(registered()).when(registration, by(alice)).then_refused(Rule::username_is_taken);
}

TEST(RegisterUser, IsRefusedWhenAnotherAccountHasTheUsername) {
    given_no_account()
        .where({.username_is_taken = true})
        .when(registration, by(alice))
        .then_refused(Rule::username_is_taken);
}

TEST(Account, RefusesEverythingElseBeforeItIsRegistered) {
    const AccountCommand commands[] = {
        RenameUser{.display_name = "Alice"},
        // These two also break the rule about credentials: the phase is asked first.
        ChangePassword{
            .verified = first_credential, .password_hash = "next hash", .keep = std::nullopt},
        OpenSession{
            .session = laptop,
            .verified = first_credential,
            .address = "192.0.2.1",
            .agent = "curl",
            .refresh_hash = "first token"},
        GrantRole{.role = ServerRole::auditor},
        RevokeRole{.role = ServerRole::auditor},
        RefreshSession{
            .session = laptop, .presented_hash = "first token", .refresh_hash = "next token"},
        CloseSession{.session = laptop, .reason = SessionEnd::logged_out},
    };
    for (const AccountCommand& command : commands)
        given_no_account().when(command, by(alice)).then_refused(Rule::account_is_not_active);
}

}  // namespace
}  // namespace verbatim::testing
