#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

TEST(GrantRole, RecordsTheRole) {
    given(registered(), role_granted(ServerRole::admin))
        .when(GrantRole{.role = ServerRole::auditor}, by(bob))
        .then(RoleGranted{.role = ServerRole::auditor});
}

TEST(GrantRole, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account()
        .when(GrantRole{.role = ServerRole::admin}, by(bob))
        .then_refused(Rule::account_is_not_active);
}

TEST(GrantRole, AsksForTheAccountBeforeItIsAlreadySo) {
    given(role_granted(ServerRole::admin))
        .when(GrantRole{.role = ServerRole::admin}, by(bob))
        .then_refused(Rule::account_is_not_active);
}

TEST(GrantRole, StaysQuietWhenTheAccountHasTheRole) {
    given(registered(), role_granted(ServerRole::admin))
        .when(GrantRole{.role = ServerRole::admin}, by(bob))
        .then_nothing();
}

TEST(RevokeRole, RecordsTheRole) {
    given(registered(), role_granted(ServerRole::admin))
        .when(RevokeRole{.role = ServerRole::admin}, by(bob))
        .then(RoleRevoked{.role = ServerRole::admin});
}

TEST(RevokeRole, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account()
        .when(RevokeRole{.role = ServerRole::admin}, by(bob))
        .then_refused(Rule::account_is_not_active);
}

TEST(RevokeRole, StaysQuietWhenTheAccountLacksTheRole) {
    given(registered(), role_granted(ServerRole::admin))
        .when(RevokeRole{.role = ServerRole::auditor}, by(bob))
        .then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
