#include "protocol/authenticator.hpp"

#include "domain/invariant.hpp"
#include "protocol/token_cache.hpp"

#include <variant>

namespace verbatim {
namespace {

// Some 200 bytes each.
constexpr std::size_t cached_tokens_max = 65'536;

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

void Authenticator::sessions_changed(const CommittedBatch& batch) {
    for (const RecordedEvent& recorded : batch.events) {
        const auto* event = std::get_if<AccountEvent>(&recorded.event);
        if (event == nullptr) continue;
        if (const auto* closed = std::get_if<SessionClosed>(event)) cache_->close(closed->session);
    }
}

Answer<std::set<ServerRole>> roles_of(const Views& views, const UserId& user) {
    auto row = views.users().user(user);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return std::set<ServerRole>();
    return std::move((*row)->roles);
}

}  // namespace verbatim
