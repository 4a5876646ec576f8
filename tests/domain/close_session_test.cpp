#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

const CloseSession close{.session = laptop, .reason = SessionEnd::revoked};

TEST(CloseSession, RecordsTheReason) {
    given(registered(), session_opened(laptop))
        .when(close, by(alice))
        .then(SessionClosed{.session = laptop, .reason = SessionEnd::revoked});
}

TEST(CloseSession, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account().when(close, by(alice)).then_refused(Rule::account_is_not_active);
}

TEST(CloseSession, StaysQuietWhenTheSessionIsUnknown) {
    given(registered(), session_opened(phone)).when(close, by(alice)).then_nothing();
}

TEST(CloseSession, StaysQuietWhenTheSessionIsClosed) {
    given(registered(), session_opened(laptop), session_closed(laptop))
        .when(close, by(alice))
        .then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
