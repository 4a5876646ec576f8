#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

OpenSession open(
    SessionId session, Version verified = first_credential, std::string refresh_hash = "first token"
) {
    return {
        .session = session,
        .verified = verified,
        .address = "192.0.2.1",
        .agent = "curl",
        .refresh_hash = std::move(refresh_hash)};
}

SessionOpened opened(SessionId session, std::string refresh_hash = "first token") {
    return {
        .session = session,
        .address = "192.0.2.1",
        .agent = "curl",
        .refresh_hash = std::move(refresh_hash)};
}

SessionId nth(std::size_t number) {
    return numbered<SessionId>(static_cast<std::uint32_t>(1'000 + number));
}

// Sessions nth(1), nth(2), … opened a second apart, the last-numbered first.
std::vector<AccountPast> sessions(std::size_t count) {
    std::vector<AccountPast> history;
    for (std::size_t i = count; i > 0; --i)
        history.push_back(session_opened(
            nth(i), "first token", seconds_after_noon(static_cast<std::int64_t>(count - i))
        ));
    return history;
}

TEST(OpenSession, RecordsWhereItCameFrom) {
    given(registered(), session_opened(phone)).when(open(laptop), by(alice)).then(opened(laptop));
}

TEST(OpenSession, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account()
        .when(open(laptop, Version()), by(alice))
        .then_refused(Rule::account_is_not_active);
}

TEST(OpenSession, IsRefusedWhenThePasswordWasChangedAfterItWasVerified) {
    given(registered(), password_changed())
        .when(open(laptop), by(alice))
        .then_refused(Rule::credentials_have_changed);
}

TEST(OpenSession, AsksForTheCredentialBeforeItIsAlreadySo) {
    given(registered(), session_opened(laptop), password_changed())
        .when(open(laptop), by(alice))
        .then_refused(Rule::credentials_have_changed);
}

TEST(OpenSession, StaysQuietWhenThatSessionIsOpen) {
    given(registered(), session_opened(laptop)).when(open(laptop), by(alice)).then_nothing();
}

TEST(OpenSession, OpensAnewWithAnotherToken) {
    given(registered(), session_opened(laptop))
        .when(open(laptop, first_credential, "other token"), by(alice))
        .then(opened(laptop, "other token"));
}

TEST(OpenSession, ClosesNoneUpToTheLimit) {
    given(registered())
        .and_then(sessions(limits::sessions_per_user_max - 1))
        .when(open(laptop), by(alice))
        .then(opened(laptop));
}

TEST(OpenSession, ClosesTheOneRefreshedLongestAgoAboveTheLimit) {
    given(registered())
        .and_then(sessions(limits::sessions_per_user_max))
        .when(open(laptop), by(alice))
        .then(
            SessionClosed{
                .session = nth(limits::sessions_per_user_max), .reason = SessionEnd::superseded},
            opened(laptop)
        );
}

TEST(OpenSession, SparesOneThatWasOpenedFirstButRefreshedSince) {
    given(registered())
        .and_then(sessions(limits::sessions_per_user_max))
        .and_then({session_refreshed(
            nth(limits::sessions_per_user_max), "next token", seconds_after_noon(3'600)
        )})
        .when(open(laptop), by(alice))
        .then(
            SessionClosed{
                .session = nth(limits::sessions_per_user_max - 1),
                .reason = SessionEnd::superseded},
            opened(laptop)
        );
}

TEST(OpenSession, ClosesNoneWhenItOpensAnewAtTheLimit) {
    given(registered())
        .and_then(sessions(limits::sessions_per_user_max))
        .when(open(nth(1), first_credential, "other token"), by(alice))
        .then(opened(nth(1), "other token"));
}

}  // namespace
}  // namespace verbatim::testing
