#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

const RefreshSession refresh{
    .session = laptop, .presented_hash = "first token", .refresh_hash = "next token"};
const SessionRefreshed refreshed{.session = laptop, .refresh_hash = "next token"};
const SessionClosed closed_as_reused{.session = laptop, .reason = SessionEnd::refresh_reused};

TEST(RefreshSession, RecordsTheNextToken) {
    given(registered(), session_opened(laptop)).when(refresh, by(alice)).then(refreshed);
}

TEST(RefreshSession, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account().when(refresh, by(alice)).then_refused(Rule::account_is_not_active);
}

TEST(RefreshSession, IsRefusedWhenTheSessionWasNeverOpened) {
    given(registered(), session_opened(phone))
        .when(refresh, by(alice))
        .then_refused(Rule::session_is_not_open);
}

TEST(RefreshSession, IsRefusedWhenTheSessionHasBeenClosed) {
    given(registered(), session_opened(laptop), session_closed(laptop))
        .when(refresh, by(alice))
        .then_refused(Rule::session_is_not_open);
}

TEST(RefreshSession, WorksUntilTheTokenExpiresAndNotAfter) {
    const auto scenario = given(registered(), session_opened(laptop));
    const Timestamp last_moment = seconds_after_noon(limits::refresh_token_seconds);
    const Timestamp too_late(last_moment.microseconds() + 1);
    scenario.when(refresh, by(alice, last_moment)).then(refreshed);
    scenario.when(refresh, by(alice, too_late)).then_refused(Rule::session_is_not_open);
}

TEST(RefreshSession, CountsTheTokensAgeFromTheLastRefresh) {
    given(
        registered(),
        session_opened(laptop, "older token"),
        session_refreshed(laptop, "first token", seconds_after_noon(60))
    )
        .when(refresh, by(alice, seconds_after_noon(limits::refresh_token_seconds + 60)))
        .then(refreshed);
}

TEST(RefreshSession, ClosesTheSessionWhenAnOldTokenComesBack) {
    given(registered(), session_opened(laptop), session_refreshed(laptop, "next token"))
        .when(refresh, by(alice))
        .then(closed_as_reused);
}

TEST(RefreshSession, AsksForTheAgeBeforeTheToken) {
    given(registered(), session_opened(laptop), session_refreshed(laptop, "next token"))
        .when(refresh, by(alice, seconds_after_noon(limits::refresh_token_seconds + 1)))
        .then_refused(Rule::session_is_not_open);
}

}  // namespace
}  // namespace verbatim::testing
