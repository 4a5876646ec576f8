#pragma once

#include "domain/account_events.hpp"
#include "eventstore/commit_listener.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"
#include "protocol/tokens.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace verbatim {

// By which API key somebody asks, and what it may be used for.
struct KeyGrant {
    KeyId key;
    std::vector<KeyScope> scopes;
};

// Who asks, proven.
struct Actor {
    UserId user;
    SessionId session;              // nil where a key asks
    Timestamp expires;              // of the token; a key's never comes
    std::optional<KeyGrant> key{};  // nullopt: a session asks, which may do everything
};

// 403 scope_is_missing of a key that was not given this scope. Sessions have them all.
[[nodiscard]] Answer<void> needs_scope(const Actor& actor, KeyScope scope);
// 403 not_allowed of every key: what concerns the account itself is for those who logged in.
[[nodiscard]] Answer<void> needs_session(const Actor& actor);

// Access token or API key -> actor. A token's signature is checked once and remembered by the
// token's hash, in a bounded cache, until it expires; that its session is open is checked on every
// call. An API key is looked for in the view once and remembered until it is revoked.
//
// Threads: authenticate() from any; sessions_changed() by the sequencer's writer thread before the
//          events are answered, so that a closed session's tokens, and a revoked key, stop working
//          with that answer.
class Authenticator {
public:
    // Both must outlive the authenticator.
    Authenticator(const Tokens& tokens, const Views& views);
    ~Authenticator();

    // Errors: 401 not_authenticated (missing, malformed, not ours, expired, session closed, key
    // revoked).
    [[nodiscard]] Answer<Actor> authenticate(std::string_view token, Timestamp now) const;
    void sessions_changed(const CommittedBatch& batch);

private:
    [[nodiscard]] Answer<Actor> authenticate_key(const TokenHash& key_hash) const;

    struct Cache;
    const Tokens& tokens_;
    const Views& views_;
    std::unique_ptr<Cache> cache_;
};

// The server-wide roles of a user, as the users view shows them.
[[nodiscard]] Answer<std::set<ServerRole>> roles_of(const Views& views, const UserId& user);

}  // namespace verbatim
