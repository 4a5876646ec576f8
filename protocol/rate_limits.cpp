#include "protocol/rate_limits.hpp"

#include "domain/invariant.hpp"
#include "eventstore/digest.hpp"
#include "protocol/bounded_sets.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <sodium.h>

namespace verbatim {
namespace {

constexpr auto every_limiter = std::to_array<Limiter>({
    Limiter::registrations_per_address,
    Limiter::logins_per_address,
    Limiter::logins_per_username,
    Limiter::commands_per_user,
    Limiter::feeds_per_address,
    Limiter::messages_per_user,
    Limiter::uploads_per_user,
    Limiter::searches_per_user,
    Limiter::feeds_per_user,
    Limiter::invite_codes_per_address,
    Limiter::invite_codes_per_user,
});
constexpr std::size_t limiters = every_limiter.size();
static_assert(limiters == static_cast<std::size_t>(Limiter::invite_codes_per_user) + 1);
constexpr std::size_t buckets_per_limiter_max = 100'000;
constexpr double seconds_per_minute = 60;
// What rounding may take from a token that is due now.
constexpr double token_tolerance = 1e-9;
// Where nothing ever comes back.
constexpr double retry_seconds_max = 3'600;

// Subjects come from outside and may be long: what is kept of one is a keyed hash.
using SubjectHash = std::array<std::uint8_t, crypto_shorthash_siphashx24_BYTES>;

struct Bucket {
    SubjectHash subject{};
    double tokens = 0;
    RateLimits::Clock::time_point at;
};

// An allowance that may be changed while others read it.
struct SharedAllowance {
    std::atomic<double> per_second{0};
    std::atomic<double> burst{0};

    void store(const Allowance& allowance) {
        per_second.store(allowance.per_second, std::memory_order_relaxed);
        burst.store(allowance.burst, std::memory_order_relaxed);
    }
    [[nodiscard]] Allowance load() const {
        return {
            .per_second = per_second.load(std::memory_order_relaxed),
            .burst = burst.load(std::memory_order_relaxed)};
    }
};

double tokens_at(
    const Bucket& bucket, const Allowance& allowance, RateLimits::Clock::time_point now
) {
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    return std::min(allowance.burst, bucket.tokens + std::max(0.0, seconds) * allowance.per_second);
}

int retry_after(double tokens, const Allowance& allowance) {
    double seconds = retry_seconds_max;
    if (allowance.per_second > 0) seconds = std::min(seconds, (1 - tokens) / allowance.per_second);
    return std::max(1, static_cast<int>(std::ceil(seconds - token_tolerance)));
}

}  // namespace

std::string_view name_of(Limiter limiter) {
    switch (limiter) {
        case Limiter::registrations_per_address: return "registrations_per_address";
        case Limiter::logins_per_address: return "logins_per_address";
        case Limiter::logins_per_username: return "logins_per_username";
        case Limiter::commands_per_user: return "commands_per_user";
        case Limiter::feeds_per_address: return "feeds_per_address";
        case Limiter::messages_per_user: return "messages_per_user";
        case Limiter::uploads_per_user: return "uploads_per_user";
        case Limiter::searches_per_user: return "searches_per_user";
        case Limiter::feeds_per_user: return "feeds_per_user";
        case Limiter::invite_codes_per_address: return "invite_codes_per_address";
        case Limiter::invite_codes_per_user: return "invite_codes_per_user";
    }
    broken_invariant("every Limiter is listed above");
}

std::span<const Limiter> all_limiters() {
    return every_limiter;
}

Allowance default_allowance(Limiter limiter) {
    switch (limiter) {
        case Limiter::registrations_per_address:
            return {.per_second = 10 / seconds_per_minute, .burst = 20};
        case Limiter::logins_per_address: return {.per_second = 1, .burst = 20};
        case Limiter::logins_per_username:
            return {.per_second = 10 / seconds_per_minute, .burst = 10};
        case Limiter::commands_per_user: return {.per_second = 50, .burst = 200};
        case Limiter::feeds_per_address: return {.per_second = 5, .burst = 100};
        case Limiter::messages_per_user: return {.per_second = 20, .burst = 100};
        case Limiter::uploads_per_user: return {.per_second = 1, .burst = 60};
        case Limiter::searches_per_user: return {.per_second = 5, .burst = 30};
        case Limiter::feeds_per_user: return {.per_second = 1, .burst = 40};
        case Limiter::invite_codes_per_address: return {.per_second = 1, .burst = 60};
        case Limiter::invite_codes_per_user:
            return {.per_second = 20 / seconds_per_minute, .burst = 20};
    }
    broken_invariant("every Limiter is listed above");
}

struct RateLimits::Buckets {
    struct OfLimiter {
        SharedAllowance allowance;
        BoundedSets<Bucket> buckets{buckets_per_limiter_max};
    };

    Buckets() {
        invariant(sodium_init() >= 0, "libsodium finds a source of randomness");
        randombytes_buf(key.data(), key.size());
        for (std::size_t i = 0; i < limiters; ++i)
            all[i].allowance.store(default_allowance(static_cast<Limiter>(i)));
    }

    [[nodiscard]] OfLimiter& of(Limiter limiter) { return all[static_cast<std::size_t>(limiter)]; }

    [[nodiscard]] SubjectHash hash_of(std::string_view subject) const {
        SubjectHash hash{};
        crypto_shorthash_siphashx24(
            hash.data(),
            reinterpret_cast<const unsigned char*>(subject.data()),
            subject.size(),
            key.data()
        );
        return hash;
    }

    std::atomic<bool> is_off{false};
    std::array<std::uint8_t, crypto_shorthash_siphashx24_KEYBYTES> key{};
    std::array<OfLimiter, limiters> all;
};

RateLimits::RateLimits() : buckets_(std::make_unique<Buckets>()) {}

RateLimits::~RateLimits() = default;

void RateLimits::turn_off() {
    buckets_->is_off.store(true, std::memory_order_relaxed);
}

void RateLimits::set(Limiter limiter, Allowance allowance) {
    buckets_->of(limiter).allowance.store(allowance);
}

Answer<void> RateLimits::take_for(const UserId& user, Limiter limiter, Clock::time_point now) {
    return take(limiter, as_text(user.value().bytes), now);
}

Answer<void> RateLimits::take(Limiter limiter, std::string_view subject, Clock::time_point now) {
    if (buckets_->is_off.load(std::memory_order_relaxed)) return {};
    const SubjectHash hash = buckets_->hash_of(subject);
    std::uint64_t place = 0;
    std::memcpy(&place, hash.data(), sizeof place);
    Buckets::OfLimiter& own = buckets_->of(limiter);
    const Allowance allowance = own.allowance.load();

    return own.buckets.with(place, [&](std::vector<Bucket>& set) -> Answer<void> {
        Bucket fresh{.subject = hash, .tokens = allowance.burst, .at = now};
        const auto known = std::ranges::find(set, hash, &Bucket::subject);
        Bucket& bucket = known == set.end() ? fresh : *known;
        bucket.tokens = tokens_at(bucket, allowance, now);
        bucket.at = std::max(bucket.at, now);
        if (bucket.tokens < 1 - token_tolerance)
            return failure(
                rate_limited(std::string(name_of(limiter)), retry_after(bucket.tokens, allowance))
            );
        bucket.tokens -= 1;
        if (known != set.end()) return {};
        const auto fuller = [&](const Bucket& left, const Bucket& right) {
            return tokens_at(left, allowance, now) > tokens_at(right, allowance, now);
        };
        BoundedSets<Bucket>::add(set, fresh, fuller);
        return {};
    });
}

}  // namespace verbatim
