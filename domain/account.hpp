#pragma once

#include "domain/account_events.hpp"
#include "domain/decision.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace verbatim {

// Commands. Texts are already valid (protocol/request_json); hashes are already computed.
struct RegisterUser {
    std::string username;  // folded to lower case
    std::string display_name;
    std::string password_hash;
};
struct RenameUser {
    std::string display_name;
};
struct ChangePassword {
    Version verified;  // the account's `credential` whose hash the current password matched
    std::string password_hash;
    std::optional<SessionId> keep;  // the session that asks; all others end
};
struct GrantRole {
    ServerRole role;
};
struct RevokeRole {
    ServerRole role;
};
struct OpenSession {
    SessionId session;
    Version verified;  // as in ChangePassword
    std::string address;
    std::string agent;
    std::string refresh_hash;
};
// An authentic token of ours that is not the session's newest closes the session: the decision is
// then SessionClosed{refresh_reused} alone, and the caller answers 401.
struct RefreshSession {
    SessionId session;
    std::string presented_hash;
    std::string refresh_hash;  // of the next token
};
struct CloseSession {
    SessionId session;
    SessionEnd reason;
};
struct CreateKey {
    KeyId key;
    std::string name;
    std::vector<KeyScope> scopes;  // each once, at least one
    TokenHash key_hash{};
};
struct RevokeKey {
    KeyId key;
};
// The account, its sessions and keys end; what it wrote is destroyed after.
struct BeginErasure {
    std::optional<Version> verified;  // as in ChangePassword; nullopt: an admin's command
    // The rooms that the user was ever in, as of a position. The sequencer adds those since, so
    // that a hold on any of them is either before the erasure in the log, and refuses it, or after
    // it.
    std::vector<RoomId> rooms{};
    Position rooms_as_of{};
};
// By the server, once all of it is gone.
struct CompleteErasure {};
struct NoteAuditRead {
    std::string what;
    std::optional<RoomId> room;
};
using AccountCommand = std::variant<
    RegisterUser,
    RenameUser,
    ChangePassword,
    GrantRole,
    RevokeRole,
    OpenSession,
    RefreshSession,
    CloseSession,
    CreateKey,
    RevokeKey,
    BeginErasure,
    CompleteErasure,
    NoteAuditRead>;

struct OpenedSession {
    std::string refresh_hash;
    Timestamp refreshed_at;
    friend bool operator==(const OpenedSession&, const OpenedSession&) = default;
};

// Just enough of an account's past to judge the next command.
struct Account {
    enum class Phase : std::uint8_t { unregistered, active, erasing, erased };

    Phase phase = Phase::unregistered;
    std::string username;
    std::string display_name;
    Version credential;  // version of the event that holds the current password's hash
    std::map<SessionId, OpenedSession> sessions;
    std::set<ServerRole> roles;
    std::set<KeyId> keys;  // those that work

    friend bool operator==(const Account&, const Account&) = default;
};

// What a rule must know that is not in the account's own past.
struct AccountFacts {
    bool username_is_taken = false;  // by another account
    bool is_held = false;  // a legal hold is on the account, or on a room that the user was ever in
};

// Judges `command` against `account`. Pure.
[[nodiscard]] Decision<AccountEvent> decide(
    const Account& account,
    const AccountFacts& facts,
    const AccountCommand& command,
    const CommandContext& context
);

// Folds one recorded event into the state. Total: accepts every event in every state.
[[nodiscard]] Account evolve(
    Account account, const AccountEvent& event, const EventContext& context
);

}  // namespace verbatim
