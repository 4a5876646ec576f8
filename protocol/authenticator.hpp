#pragma once

#include "domain/account_events.hpp"
#include "eventstore/commit_listener.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"
#include "protocol/tokens.hpp"

#include <memory>
#include <set>
#include <string_view>

namespace verbatim {

// Who asks, proven.
struct Actor {
    UserId user;
    SessionId session;
    Timestamp expires;
};

// Access token -> actor. A token's signature is checked once and remembered by the token's hash, in
// a bounded cache, until it expires; that its session is open is checked on every call.
//
// Threads: authenticate() from any; sessions_changed() by the sequencer's writer thread before the
//          events are answered, so that a closed session's tokens stop working with that answer.
class Authenticator {
public:
    // Both must outlive the authenticator.
    Authenticator(const Tokens& tokens, const Views& views);
    ~Authenticator();

    // Errors: 401 not_authenticated (missing, malformed, not ours, expired, session closed).
    [[nodiscard]] Answer<Actor> authenticate(std::string_view token, Timestamp now) const;
    void sessions_changed(const CommittedBatch& batch);

private:
    struct Cache;
    const Tokens& tokens_;
    const Views& views_;
    std::unique_ptr<Cache> cache_;
};

// The server-wide roles of a user, as the users view shows them.
[[nodiscard]] Answer<std::set<ServerRole>> roles_of(const Views& views, const UserId& user);

}  // namespace verbatim
