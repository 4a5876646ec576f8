#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

ChangePassword change(Version verified, std::optional<SessionId> keep) {
    return {.verified = verified, .password_hash = "next hash", .keep = keep};
}

SessionClosed closed_by_it(SessionId session) {
    return {.session = session, .reason = SessionEnd::password_changed};
}

TEST(ChangePassword, RecordsTheChangeAndEndsAllOtherSessions) {
    given(registered(), session_opened(laptop), session_opened(phone), session_opened(tablet))
        .when(change(first_credential, phone), by(alice))
        .then(
            PasswordChanged{.password_hash = "next hash"},
            closed_by_it(laptop),
            closed_by_it(tablet)
        );
}

TEST(ChangePassword, EndsEverySessionWhenNoneAsks) {
    given(registered(), session_opened(laptop), session_opened(phone))
        .when(change(first_credential, std::nullopt), by(alice))
        .then(
            PasswordChanged{.password_hash = "next hash"}, closed_by_it(laptop), closed_by_it(phone)
        );
}

TEST(ChangePassword, RecordsTheChangeAloneWhenNoSessionIsOpen) {
    given(registered())
        .when(change(first_credential, laptop), by(alice))
        .then(PasswordChanged{.password_hash = "next hash"});
}

TEST(ChangePassword, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account()
        .when(change(Version(), std::nullopt), by(alice))
        .then_refused(Rule::account_is_not_active);
}

TEST(ChangePassword, IsRefusedWhenThePasswordWasChangedAfterItWasVerified) {
    given(registered(), password_changed())
        .when(change(first_credential, std::nullopt), by(alice))
        .then_refused(Rule::credentials_have_changed);
}

TEST(ChangePassword, TakesTheCredentialOfTheLastChange) {
    given(registered(), session_opened(laptop), password_changed())
        .when(change(Version(3), laptop), by(alice))
        .then(PasswordChanged{.password_hash = "next hash"});
}

}  // namespace
}  // namespace verbatim::testing
