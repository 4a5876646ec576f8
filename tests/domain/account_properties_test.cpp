#include "tests/domain/account_scenario.hpp"
#include "tests/domain/random_steps.hpp"

namespace verbatim::testing {
namespace {

// More than the sessions of one user, so that the bound is met.
constexpr std::size_t story_steps = 2 * limits::sessions_per_user_max;

SessionId session(std::uint8_t number) {
    return numbered<SessionId>(1'000U + number);
}

std::string token(std::uint8_t number) {
    return number % 2 == 0 ? "even" : "odd";
}

AccountCommand random_command(const Step& step, Version credential) {
    const auto [kind, subject, number, other] = step;
    const Version verified = other % 8 == 0 ? credential.next() : credential;
    switch (kind % 64) {
        case 0:
            return ChangePassword{
                .verified = verified, .password_hash = "hash", .keep = session(subject)};
        case 1: return RenameUser{.display_name = token(number)};
        case 2: return GrantRole{.role = static_cast<ServerRole>(number % 2)};
        case 3: return RevokeRole{.role = static_cast<ServerRole>(number % 2)};
        case 4: return CloseSession{.session = session(subject), .reason = SessionEnd::revoked};
        case 5:
        case 6:
        case 7:
        case 8:
            return RefreshSession{
                .session = session(subject),
                .presented_hash = token(number),
                .refresh_hash = token(other)};
        default:
            return OpenSession{
                .session = session(subject),
                .verified = verified,
                .address = "192.0.2.1",
                .agent = "curl",
                .refresh_hash = token(number)};
    }
}

template <class Check>
void tell(const std::vector<Step>& raw, Check check) {
    std::vector<AccountPast> history{registered()};
    Account account = folded(history);
    std::int64_t second = 0;
    for (const Step& step : raw) {
        const CommandContext context = by(alice, seconds_after_noon(++second));
        const AccountCommand command = random_command(step, account.credential);
        const auto decision = decide(account, AccountFacts{}, command, context);
        if (decision)
            for (const AccountEvent& event : *decision) {
                history.push_back({.event = event, .by = alice, .at = context.now});
                const Version version(history.size());
                account = evolve(
                    std::move(account), event, {.by = alice, .at = context.now, .version = version}
                );
            }
        check(account, command, context, decision);
    }
    RC_ASSERT(folded(history) == account);
}

bool is_repeatable(const AccountCommand& command) {
    return !std::holds_alternative<ChangePassword>(command) &&
           !std::holds_alternative<RefreshSession>(command);
}

TEST(AccountProperties, NeverHoldMoreSessionsThanTheLimit) {
    EXPECT_TRUE(rc::check("sessions <= sessions_per_user_max", [] {
        tell(
            *steps(story_steps),
            [](const Account& account,
               const AccountCommand&,
               const CommandContext&,
               const Decision<AccountEvent>&) {
                RC_ASSERT(account.sessions.size() <= limits::sessions_per_user_max);
            }
        );
    }));
}

TEST(AccountProperties, StayQuietWhenACommandIsRepeated) {
    EXPECT_TRUE(rc::check("a command repeated after success yields nothing", [] {
        tell(
            *steps(story_steps),
            [](const Account& account,
               const AccountCommand& command,
               const CommandContext& context,
               const Decision<AccountEvent>& decision) {
                if (!decision || !is_repeatable(command)) return;
                const auto again = decide(account, AccountFacts{}, command, context);
                RC_ASSERT(again.has_value());
                RC_ASSERT(again->empty());
            }
        );
    }));
}

TEST(AccountProperties, RefuseTheSameAgain) {
    EXPECT_TRUE(rc::check("a refusal changes nothing", [] {
        tell(
            *steps(story_steps),
            [](const Account& account,
               const AccountCommand& command,
               const CommandContext& context,
               const Decision<AccountEvent>& decision) {
                if (decision) return;
                RC_ASSERT(same(decide(account, AccountFacts{}, command, context), decision));
            }
        );
    }));
}

}  // namespace
}  // namespace verbatim::testing
