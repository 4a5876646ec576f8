#pragma once

#include "domain/ids.hpp"
#include "domain/result.hpp"
#include "eventstore/store_error.hpp"

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// What an access token says; it says nothing about whether its session is still open.
struct AccessClaims {
    UserId user;
    SessionId session;
    Timestamp expires;
};
enum class TokenFault { malformed, not_ours, expired };

// A refresh token names its session and a generation, and carries a MAC of ours: only authentic
// tokens can be "reused". What is stored is `hash`.
struct RefreshToken {
    std::string text;  // shown once
    std::string hash;  // 32 bytes
};
struct PresentedRefreshToken {
    UserId user;
    SessionId session;
    std::string hash;
};

// Access tokens are JWTs (RFC 7519) signed with EdDSA/Ed25519 (RFC 8037); refresh tokens are
// opaque. A node that leads makes them; one that follows knows the leader's public keys and only
// checks them. Threads: all methods from any.
class Tokens {
public:
    // Reads data/keys/token.key or makes it (mode 0600, directory 0700, fsynced).
    // Errors: cannot_open (unreadable, wrong size, or readable by others).
    [[nodiscard]] static StoreResult<std::unique_ptr<Tokens>> open(
        const std::filesystem::path& keys_directory
    );
    explicit Tokens(const std::array<std::uint8_t, 32>& seed);
    // Checks what is signed by the keys of `jwks`, the leader's key set. nullptr: it is none.
    // issue(), make_refresh() and read_refresh() are not to be called then.
    [[nodiscard]] static std::unique_ptr<Tokens> of_leader(std::string_view jwks);
    ~Tokens();

    // Replaces the leader's keys. False, and nothing changes: `jwks` is no key set.
    bool learn(std::string_view jwks);
    // Called by verify(), on its thread, when a token names a key that is not known. Set before the
    // first verify(); must not block.
    void on_unknown_key(std::function<void()> listener);

    [[nodiscard]] std::string issue(const UserId& user, const SessionId& session, Timestamp now)
        const;
    // Checks form, algorithm, signature and expiry. About 90 us: cache what it says
    // (Authenticator).
    [[nodiscard]] Expected<AccessClaims, TokenFault> verify(std::string_view token, Timestamp now)
        const;
    // RFC 7517 key set: /.well-known/jwks.json
    [[nodiscard]] std::string jwks() const;

    [[nodiscard]] RefreshToken make_refresh(const UserId& user, const SessionId& session) const;
    // nullopt: not made by this node's key.
    [[nodiscard]] std::optional<PresentedRefreshToken> read_refresh(std::string_view text) const;

private:
    Tokens();

    struct Keys;
    std::unique_ptr<Keys> keys_;
};

}  // namespace verbatim
