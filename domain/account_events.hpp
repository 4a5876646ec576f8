#pragma once

#include "domain/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What can happen to an account. Append-only file: an event may be added, never changed; a new
// shape is a new schema with an upcaster. The account's id is the stream's and is not repeated.
namespace verbatim {

// A text that stands beside the record and can be destroyed; nullopt when it never was or is gone.
using Text = std::optional<std::string>;
// The same for hashes of secrets, which no envelope, export, bundle or broker ever carries.
using Secret = std::optional<std::string>;

enum class ServerRole : std::uint8_t { auditor, admin };

// What an API key may be used for.
enum class KeyScope : std::uint8_t {
    read,  // queries and the feed
    send,  // commands in rooms, and uploads
};

// SHA-256 of a random text that was shown once. The text has 128 bits or more of its own, so that
// its hash tells nobody anything and may stand among the facts.
using TokenHash = std::array<std::uint8_t, 32>;

enum class SessionEnd : std::uint8_t {
    logged_out,      // by its own user, through itself
    revoked,         // by its own user, through another session
    refresh_reused,  // an old refresh token was presented
    password_changed,
    superseded,  // the user opened more than limits::sessions_per_user_max
    erased,      // the account is being erased
};

struct UserRegistered {
    Text username;
    Text display_name;
    Secret password_hash;
    friend bool operator==(const UserRegistered&, const UserRegistered&) = default;
};
struct UserRenamed {
    Text display_name;
    friend bool operator==(const UserRenamed&, const UserRenamed&) = default;
};
struct PasswordChanged {
    Secret password_hash;
    friend bool operator==(const PasswordChanged&, const PasswordChanged&) = default;
};
struct RoleGranted {
    ServerRole role;
    friend bool operator==(const RoleGranted&, const RoleGranted&) = default;
};
struct RoleRevoked {
    ServerRole role;
    friend bool operator==(const RoleRevoked&, const RoleRevoked&) = default;
};
struct SessionOpened {
    SessionId session;
    Text address;
    Text agent;
    Secret refresh_hash;
    friend bool operator==(const SessionOpened&, const SessionOpened&) = default;
};
struct SessionRefreshed {
    SessionId session;
    Secret refresh_hash;
    friend bool operator==(const SessionRefreshed&, const SessionRefreshed&) = default;
};
struct SessionClosed {
    SessionId session;
    SessionEnd reason;
    friend bool operator==(const SessionClosed&, const SessionClosed&) = default;
};

// A bearer token without expiry, for bots and integrations.
struct KeyCreated {
    KeyId key;
    Text name;
    std::vector<KeyScope> scopes;  // each once, at least one
    TokenHash key_hash{};
    friend bool operator==(const KeyCreated&, const KeyCreated&) = default;
};
struct KeyRevoked {
    KeyId key;
    friend bool operator==(const KeyRevoked&, const KeyRevoked&) = default;
};

// From now on nobody is this account; what it wrote is being destroyed, and its name is free.
struct ErasureBegun {
    friend bool operator==(const ErasureBegun&, const ErasureBegun&) = default;
};
// All that the account wrote is gone from this node.
struct UserErased {
    friend bool operator==(const UserErased&, const UserErased&) = default;
};
// The account, an auditor's or admin's, looked at what only such may see. One stands for all looks
// of the same kind within a short time.
struct AuditRead {
    std::string what;  // the route: "GET /api/v1/events"
    std::optional<RoomId> room;
    friend bool operator==(const AuditRead&, const AuditRead&) = default;
};

using AccountEvent = std::variant<
    UserRegistered,
    UserRenamed,
    PasswordChanged,
    RoleGranted,
    RoleRevoked,
    SessionOpened,
    SessionRefreshed,
    SessionClosed,
    KeyCreated,
    KeyRevoked,
    ErasureBegun,
    UserErased,
    AuditRead>;

}  // namespace verbatim
