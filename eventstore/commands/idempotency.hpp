#pragma once

#include "eventstore/commands/staged.hpp"
#include "eventstore/event_log.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

namespace verbatim {

struct KeyHashHash {
    // A KeyHash is a piece of a SHA-256: any eight bytes of it are as good as all.
    std::size_t operator()(const KeyHash& key) const noexcept {
        std::size_t head = 0;
        std::memcpy(&head, key.data(), sizeof head);
        return head;
    }
};

// Which keyed commands succeeded: those on their way into the log over those that are in it.
// Threads: the decide thread alone.
class Idempotency {
public:
    // `log` must outlive it.
    explicit Idempotency(const EventLog& log) : log_(log) {}

    // How the command with `key` succeeded; nullopt when none did within the last
    // limits::idempotency_seconds. Errors: those of EventLog::remembered.
    [[nodiscard]] StoreResult<std::optional<IdempotencyRecord>> find(
        const KeyHash& key, Timestamp now
    ) const;
    // The batch with that number will make it durable.
    void stage(const KeyHash& key, const IdempotencyRecord& record, std::uint64_t batch) {
        staged_.put(key, record, batch);
    }
    // All batches up to that number are durable.
    void forget_durable(std::uint64_t batch) { staged_.forget_durable(batch); }
    void clear() { staged_.clear(); }

private:
    const EventLog& log_;
    Staged<KeyHash, IdempotencyRecord, KeyHashHash> staged_;
};

}  // namespace verbatim
