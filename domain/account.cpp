#include "domain/account.hpp"

#include "domain/limits.hpp"
#include "domain/overloaded.hpp"
#include "domain/verdict.hpp"

#include <algorithm>

namespace verbatim {
namespace {

using AccountDecision = Decision<AccountEvent>;

constexpr std::int64_t refresh_token_microseconds = limits::refresh_token_seconds * 1'000'000;

bool is_active(const Account& account) {
    return account.phase == Account::Phase::active;
}

AccountDecision register_user(
    const Account& account, const AccountFacts& facts, const RegisterUser& command
) {
    // An account registers once; after that its name is taken, if only by itself.
    if (is_active(account) || facts.username_is_taken) return failure(Rule::username_is_taken);
    return record<AccountEvent>(UserRegistered{
        .username = command.username,
        .display_name = command.display_name,
        .password_hash = command.password_hash});
}

AccountDecision rename_user(const Account& account, const RenameUser& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (account.display_name == command.display_name) return nothing<AccountEvent>();
    return record<AccountEvent>(UserRenamed{.display_name = command.display_name});
}

AccountDecision change_password(const Account& account, const ChangePassword& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (command.verified != account.credential) return failure(Rule::credentials_have_changed);
    std::vector<AccountEvent> events{PasswordChanged{.password_hash = command.password_hash}};
    for (const auto& [session, opened] : account.sessions)
        if (session != command.keep)
            events.emplace_back(SessionClosed{
                .session = session, .reason = SessionEnd::password_changed});
    return events;
}

AccountDecision grant_role(const Account& account, const GrantRole& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (account.roles.contains(command.role)) return nothing<AccountEvent>();
    return record<AccountEvent>(RoleGranted{.role = command.role});
}

AccountDecision revoke_role(const Account& account, const RevokeRole& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (!account.roles.contains(command.role)) return nothing<AccountEvent>();
    return record<AccountEvent>(RoleRevoked{.role = command.role});
}

// Requires: a session is open.
SessionId refreshed_longest_ago(const Account& account) {
    const auto oldest = std::min_element(
        account.sessions.begin(),
        account.sessions.end(),
        [](const auto& left, const auto& right) {
            return left.second.refreshed_at < right.second.refreshed_at;
        }
    );
    return oldest->first;
}

AccountDecision open_session(const Account& account, const OpenSession& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (command.verified != account.credential) return failure(Rule::credentials_have_changed);
    const auto known = account.sessions.find(command.session);
    const bool is_new = known == account.sessions.end();
    if (!is_new && known->second.refresh_hash == command.refresh_hash)
        return nothing<AccountEvent>();
    std::vector<AccountEvent> events;
    if (is_new && account.sessions.size() >= limits::sessions_per_user_max)
        events.emplace_back(SessionClosed{
            .session = refreshed_longest_ago(account), .reason = SessionEnd::superseded});
    events.emplace_back(SessionOpened{
        .session = command.session,
        .address = command.address,
        .agent = command.agent,
        .refresh_hash = command.refresh_hash});
    return events;
}

bool has_expired(const OpenedSession& session, Timestamp now) {
    return now.microseconds() - session.refreshed_at.microseconds() > refresh_token_microseconds;
}

AccountDecision refresh_session(
    const Account& account, const RefreshSession& command, const CommandContext& context
) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    const auto session = account.sessions.find(command.session);
    if (session == account.sessions.end() || has_expired(session->second, context.now))
        return failure(Rule::session_is_not_open);
    if (session->second.refresh_hash != command.presented_hash)
        return record<AccountEvent>(SessionClosed{
            .session = command.session, .reason = SessionEnd::refresh_reused});
    return record<AccountEvent>(SessionRefreshed{
        .session = command.session, .refresh_hash = command.refresh_hash});
}

AccountDecision close_session(const Account& account, const CloseSession& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (!account.sessions.contains(command.session)) return nothing<AccountEvent>();
    return record<AccountEvent>(SessionClosed{.session = command.session, .reason = command.reason}
    );
}

AccountDecision create_key(const Account& account, const CreateKey& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (account.keys.contains(command.key)) return nothing<AccountEvent>();
    if (account.keys.size() >= limits::keys_per_user_max)
        return failure(Rule::user_has_too_many_keys);
    return record<AccountEvent>(KeyCreated{
        .key = command.key,
        .name = command.name,
        .scopes = command.scopes,
        .key_hash = command.key_hash});
}

AccountDecision revoke_key(const Account& account, const RevokeKey& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    if (!account.keys.contains(command.key)) return nothing<AccountEvent>();
    return record<AccountEvent>(KeyRevoked{.key = command.key});
}

AccountDecision begin_erasure(
    const Account& account, const AccountFacts& facts, const BeginErasure& command
) {
    if (account.phase == Account::Phase::unregistered) return failure(Rule::account_is_not_active);
    if (!is_active(account)) return nothing<AccountEvent>();
    if (command.verified && *command.verified != account.credential)
        return failure(Rule::credentials_have_changed);
    if (facts.is_held) return failure(Rule::is_held);
    std::vector<AccountEvent> events{ErasureBegun{}};
    for (const auto& [session, opened] : account.sessions)
        events.emplace_back(SessionClosed{.session = session, .reason = SessionEnd::erased});
    for (const KeyId& key : account.keys) events.emplace_back(KeyRevoked{.key = key});
    return events;
}

AccountDecision complete_erasure(const Account& account) {
    if (account.phase != Account::Phase::erasing) return nothing<AccountEvent>();
    return record<AccountEvent>(UserErased{});
}

AccountDecision note_audit_read(const Account& account, const NoteAuditRead& command) {
    if (!is_active(account)) return failure(Rule::account_is_not_active);
    return record<AccountEvent>(AuditRead{.what = command.what, .room = command.room});
}

}  // namespace

Decision<AccountEvent> decide(
    const Account& account,
    const AccountFacts& facts,
    const AccountCommand& command,
    const CommandContext& context
) {
    return std::visit(
        Overloaded{
            [&](const RegisterUser& c) { return register_user(account, facts, c); },
            [&](const RenameUser& c) { return rename_user(account, c); },
            [&](const ChangePassword& c) { return change_password(account, c); },
            [&](const GrantRole& c) { return grant_role(account, c); },
            [&](const RevokeRole& c) { return revoke_role(account, c); },
            [&](const OpenSession& c) { return open_session(account, c); },
            [&](const RefreshSession& c) { return refresh_session(account, c, context); },
            [&](const CloseSession& c) { return close_session(account, c); },
            [&](const CreateKey& c) { return create_key(account, c); },
            [&](const RevokeKey& c) { return revoke_key(account, c); },
            [&](const BeginErasure& c) { return begin_erasure(account, facts, c); },
            [&](const CompleteErasure&) { return complete_erasure(account); },
            [&](const NoteAuditRead& c) { return note_audit_read(account, c); },
        },
        command
    );
}

Account evolve(Account account, const AccountEvent& event, const EventContext& context) {
    std::visit(
        Overloaded{
            [&](const UserRegistered& e) {
                account.phase = Account::Phase::active;
                account.username = e.username.value_or("");
                account.display_name = e.display_name.value_or("");
                account.credential = context.version;
            },
            [&](const UserRenamed& e) { account.display_name = e.display_name.value_or(""); },
            [&](const PasswordChanged&) { account.credential = context.version; },
            [&](const RoleGranted& e) { account.roles.insert(e.role); },
            [&](const RoleRevoked& e) { account.roles.erase(e.role); },
            [&](const SessionOpened& e) {
                account.sessions[e.session] = {
                    .refresh_hash = e.refresh_hash.value_or(""), .refreshed_at = context.at};
            },
            [&](const SessionRefreshed& e) {
                const auto session = account.sessions.find(e.session);
                if (session == account.sessions.end()) return;
                session->second = {
                    .refresh_hash = e.refresh_hash.value_or(""), .refreshed_at = context.at};
            },
            [&](const SessionClosed& e) { account.sessions.erase(e.session); },
            [&](const KeyCreated& e) { account.keys.insert(e.key); },
            [&](const KeyRevoked& e) { account.keys.erase(e.key); },
            [&](const ErasureBegun&) {
                account.phase = Account::Phase::erasing;
                account.username.clear();
                account.display_name.clear();
                account.roles.clear();
            },
            [&](const UserErased&) { account.phase = Account::Phase::erased; },
            [](const AuditRead&) {},
        },
        event
    );
    return account;
}

}  // namespace verbatim
