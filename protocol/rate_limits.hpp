#pragma once

#include "domain/ids.hpp"
#include "protocol/problem.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace verbatim {

enum class Limiter {
    registrations_per_address,
    logins_per_address,
    logins_per_username,
    commands_per_user,
    feeds_per_address,
    // What costs more than other commands and queries. Messages count as commands too.
    messages_per_user,
    uploads_per_user,  // those begun; their pieces are bounded by bytes
    searches_per_user,
    feeds_per_user,
    invite_codes_per_address,
    invite_codes_per_user,
};
[[nodiscard]] std::string_view name_of(Limiter limiter);
// All there are, in the order of their declaration.
[[nodiscard]] std::span<const Limiter> all_limiters();

struct Allowance {
    double per_second = 0;
    double burst = 0;
};
[[nodiscard]] Allowance default_allowance(Limiter limiter);

// Token buckets (RFC 2697's committed bucket) by limiter and subject, in bounded memory: full
// buckets are forgotten first. Threads: any.
class RateLimits {
public:
    using Clock = std::chrono::steady_clock;

    RateLimits();  // the defaults
    ~RateLimits();
    void turn_off();  // --rate-limits off
    void set(Limiter limiter, Allowance allowance);

    // Takes one token, or says 429 with the limiter's name and when to come back (whole seconds, >=
    // 1).
    [[nodiscard]] Answer<void> take(
        Limiter limiter, std::string_view subject, Clock::time_point now
    );

    // The same of a user, through whichever door it comes and by token or key.
    [[nodiscard]] Answer<void> take_for(const UserId& user, Limiter limiter, Clock::time_point now);

private:
    struct Buckets;
    std::unique_ptr<Buckets> buckets_;
};

}  // namespace verbatim
