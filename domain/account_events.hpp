#pragma once

#include "domain/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

// What can happen to an account. Append-only file: an event may be added, never changed; a new
// shape is a new schema with an upcaster. The account's id is the stream's and is not repeated.
namespace verbatim {

// A text that stands beside the record and can be destroyed; nullopt when it never was or is gone.
using Text = std::optional<std::string>;
// The same for hashes of secrets, which no envelope, export, bundle or broker ever carries.
using Secret = std::optional<std::string>;

enum class ServerRole : std::uint8_t { auditor, admin };

enum class SessionEnd : std::uint8_t {
    logged_out,      // by its own user, through itself
    revoked,         // by its own user, through another session
    refresh_reused,  // an old refresh token was presented
    password_changed,
    superseded,  // the user opened more than limits::sessions_per_user_max
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

using AccountEvent = std::variant<
    UserRegistered,
    UserRenamed,
    PasswordChanged,
    RoleGranted,
    RoleRevoked,
    SessionOpened,
    SessionRefreshed,
    SessionClosed>;

}  // namespace verbatim
