#include "protocol/authenticator.hpp"

#include "domain/invariant.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/secret_texts.hpp"
#include "protocol/token_cache.hpp"

#include <algorithm>
#include <limits>
#include <variant>

namespace verbatim {
namespace {

// Some 200 bytes each.
constexpr std::size_t cached_tokens_max = 65'536;

constexpr Timestamp never{std::numeric_limits<std::int64_t>::max()};

std::string detail_of(TokenFault fault) {
    switch (fault) {
        case TokenFault::malformed:
        case TokenFault::not_ours: return "The access token is not one of ours.";
        case TokenFault::expired: return "The access token has expired. Refresh it.";
    }
    broken_invariant("every TokenFault is listed above");
}

}  // namespace

struct Authenticator::Cache : TokenCache {
    using TokenCache::TokenCache;
};

Authenticator::Authenticator(const Tokens& tokens, const Views& views)
    : tokens_(tokens), views_(views), cache_(std::make_unique<Cache>(cached_tokens_max)) {}

Authenticator::~Authenticator() = default;

Answer<Actor> Authenticator::authenticate(std::string_view token, Timestamp now) const {
    if (token.empty()) return failure(not_authenticated("An access token is needed."));
    const Digest digest = sha256({token});
    if (const auto known = cache_->find(digest, now)) return *known;

    if (is_api_key(token)) return authenticate_key(digest);
    const auto claims = tokens_.verify(token, now);
    if (!claims) return failure(not_authenticated(detail_of(claims.error())));
    const auto watch = cache_->watch(claims->session);
    const auto session = views_.sessions().session(claims->session);
    if (!session) return failure(problem_of(session.error()));
    const bool is_open = *session && (*session)->user == claims->user;
    if (!is_open) return failure(not_authenticated("The session has ended. Log in again."));
    const Actor actor{.user = claims->user, .session = claims->session, .expires = claims->expires};
    // As of the view it is open. If it was closed since, the watch has ended and nothing is kept.
    if (!TokenCache::has_ended(watch)) cache_->keep(digest, actor, watch);
    return actor;
}

// What is stored of a key is the hash by which tokens are remembered anyway.
Answer<Actor> Authenticator::authenticate_key(const TokenHash& key_hash) const {
    const auto unknown = [] {
        return failure(not_authenticated("The API key is not one of ours, or was revoked."));
    };
    const auto& keys = views_.api_keys();
    const auto found = keys.by_hash(key_hash);
    if (!found) return failure(problem_of(found.error()));
    if (!*found) return unknown();
    // Only now its id is known: watched from here on, it must be found once more.
    const auto watch = cache_->watch((*found)->key);
    auto row = keys.key((*found)->key);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return unknown();
    const Actor actor{
        .user = (*row)->user,
        .session = {},
        .expires = never,
        .key = KeyGrant{.key = (*row)->key, .scopes = std::move((*row)->scopes)}};
    if (!TokenCache::has_ended(watch)) cache_->keep(key_hash, actor, watch);
    return actor;
}

void Authenticator::sessions_changed(const CommittedBatch& batch) {
    for (const RecordedEvent& recorded : batch.events) {
        const auto* event = std::get_if<AccountEvent>(&recorded.event);
        if (event == nullptr) continue;
        if (const auto* closed = std::get_if<SessionClosed>(event)) cache_->close(closed->session);
        if (const auto* revoked = std::get_if<KeyRevoked>(event)) cache_->close(revoked->key);
    }
}

Answer<void> needs_scope(const Actor& actor, KeyScope scope) {
    if (!actor.key || std::ranges::find(actor.key->scopes, scope) != actor.key->scopes.end())
        return {};
    return failure(scope_is_missing(
        "This needs an API key with the scope " + std::string(text_of(scope)) + "."
    ));
}

Answer<void> needs_session(const Actor& actor) {
    if (!actor.key) return {};
    return failure(
        not_allowed("An API key cannot do this. Log in and use the session's access token.")
    );
}

Answer<std::set<ServerRole>> roles_of(const Views& views, const UserId& user) {
    auto row = views.users().user(user);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return std::set<ServerRole>();
    return std::move((*row)->roles);
}

}  // namespace verbatim
