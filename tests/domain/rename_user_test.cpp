#include "tests/domain/account_scenario.hpp"

namespace verbatim::testing {
namespace {

TEST(RenameUser, RecordsTheNewName) {
    given(registered())
        .when(RenameUser{.display_name = "Alice L."}, by(alice))
        .then(UserRenamed{.display_name = "Alice L."});
}

TEST(RenameUser, IsRefusedWhenTheAccountIsNotActive) {
    given_no_account()
        .when(RenameUser{.display_name = ""}, by(alice))
        .then_refused(Rule::account_is_not_active);
}

TEST(RenameUser, StaysQuietWhenThatIsTheName) {
    given(registered()).when(RenameUser{.display_name = "Alice"}, by(alice)).then_nothing();
}

}  // namespace
}  // namespace verbatim::testing
