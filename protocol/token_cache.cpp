#include "protocol/token_cache.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace verbatim {
namespace {

std::uint64_t hash_of(const Digest& digest) {
    std::uint64_t head = 0;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

std::uint64_t hash_of(const Uuid& credential) {
    return std::hash<Uuid>{}(credential);
}

void end_watch(const TokenCache::Watch& watch) {
    watch->store(true, std::memory_order_release);
}

}  // namespace

TokenCache::Watch TokenCache::watch_of(const Uuid& credential) {
    const std::uint64_t now = clock_.fetch_add(1, std::memory_order_relaxed);
    return watches_.with(hash_of(credential), [&](std::vector<Watched>& set) {
        const auto known = std::ranges::find(set, credential, &Watched::credential);
        if (known != set.end()) return known->watch;
        const auto oldest = [](const Watched& left, const Watched& right) {
            return left.made < right.made;
        };
        // Its closing could not be told to a watch that is no longer here.
        if (set.size() == BoundedSets<Watched>::ways_max)
            end_watch(std::ranges::min_element(set, oldest)->watch);
        auto watch = std::make_shared<std::atomic<bool>>(false);
        BoundedSets<Watched>::add(set, {credential, watch, now}, oldest);
        return watch;
    });
}

void TokenCache::end(const Uuid& credential) {
    // Where nobody watches it, the ended watch is for a verification that has yet to begin and may
    // still see the session open.
    end_watch(watch_of(credential));
}

void TokenCache::keep(const Digest& token, const Actor& actor, Watch watch) {
    const std::uint64_t now = clock_.fetch_add(1, std::memory_order_relaxed);
    tokens_.with(hash_of(token), [&](std::vector<Token>& set) {
        const auto known = std::ranges::find(set, token, &Token::digest);
        if (known != set.end()) {
            *known = {token, actor, std::move(watch), now};
            return;
        }
        const auto worth_less = [](const Token& left, const Token& right) {
            return std::pair(!has_ended(left.watch), left.used) <
                   std::pair(!has_ended(right.watch), right.used);
        };
        BoundedSets<Token>::add(set, {token, actor, std::move(watch), now}, worth_less);
    });
}

std::optional<Actor> TokenCache::find(const Digest& token, Timestamp now) {
    return tokens_.with(hash_of(token), [&](std::vector<Token>& set) -> std::optional<Actor> {
        const auto known = std::ranges::find(set, token, &Token::digest);
        if (known == set.end() || has_ended(known->watch) || now >= known->actor.expires)
            return std::nullopt;
        known->used = clock_.load(std::memory_order_relaxed);
        return known->actor;
    });
}

}  // namespace verbatim
