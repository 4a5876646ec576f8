#include "eventstore/commands/idempotency.hpp"

#include "domain/limits.hpp"

namespace verbatim {

StoreResult<std::optional<IdempotencyRecord>> Idempotency::find(const KeyHash& key, Timestamp now)
    const {
    if (const auto* const staged = staged_.find(key)) return std::optional(*staged);
    auto remembered = log_.remembered(key);
    if (!remembered || !*remembered) return remembered;
    constexpr std::int64_t remembered_us = limits::idempotency_seconds * 1'000'000;
    if (now.microseconds() - (*remembered)->at.microseconds() > remembered_us)
        return std::optional<IdempotencyRecord>();
    return remembered;
}

}  // namespace verbatim
