#pragma once

#include "domain/account.hpp"
#include "domain/limits.hpp"
#include "tests/domain/scenario.hpp"

namespace verbatim::testing {

template <>
struct AggregateOf<AccountEvent> {
    using State = Account;
    using Facts = AccountFacts;
    using Command = AccountCommand;
};
using AccountPast = Past<AccountEvent>;

inline constexpr SessionId laptop = numbered<SessionId>(101);
inline constexpr SessionId phone = numbered<SessionId>(102);
inline constexpr SessionId tablet = numbered<SessionId>(103);

// The version of registered(), where an account's first password is.
inline constexpr Version first_credential{1};

[[nodiscard]] inline Scenario<AccountEvent> given_no_account() {
    return Scenario<AccountEvent>({});
}

[[nodiscard]] inline AccountPast registered() {
    return {
        .event =
            UserRegistered{
                .username = "alice", .display_name = "Alice", .password_hash = "first hash"},
        .by = alice};
}
[[nodiscard]] inline AccountPast password_changed() {
    return {.event = PasswordChanged{.password_hash = "next hash"}, .by = alice};
}
[[nodiscard]] inline AccountPast role_granted(ServerRole role) {
    return {.event = RoleGranted{.role = role}, .by = bob};
}
[[nodiscard]] inline AccountPast session_opened(
    SessionId session, std::string refresh_hash = "first token", Timestamp at = noon
) {
    return {
        .event =
            SessionOpened{
                .session = session,
                .address = "192.0.2.1",
                .agent = "curl",
                .refresh_hash = std::move(refresh_hash)},
        .by = alice,
        .at = at};
}
[[nodiscard]] inline AccountPast session_refreshed(
    SessionId session, std::string refresh_hash, Timestamp at = noon
) {
    return {
        .event = SessionRefreshed{.session = session, .refresh_hash = std::move(refresh_hash)},
        .by = alice,
        .at = at};
}
[[nodiscard]] inline AccountPast session_closed(SessionId session) {
    return {
        .event = SessionClosed{.session = session, .reason = SessionEnd::logged_out}, .by = alice};
}

}  // namespace verbatim::testing
