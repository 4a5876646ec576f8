#pragma once

#include "eventstore/commands/aggregates.hpp"
#include "eventstore/commands/batch.hpp"
#include "eventstore/commands/idempotency.hpp"
#include "eventstore/commands/loader.hpp"

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace verbatim {

// Commands that wait for cold aggregates. The first of a stream waits for what it needs; those that
// come after it to the same stream wait behind it, so that a stream's commands keep their order;
// other streams go on. A command with an idempotency key that waits takes its duplicates along.
// Threads: the decide thread alone.
class Parking {
public:
    // They must outlive it.
    Parking(Aggregates& aggregates, Loader& loader) : aggregates_(aggregates), loader_(loader) {}

    [[nodiscard]] bool empty() const { return streams_.empty(); }
    [[nodiscard]] bool holds(const StreamId& stream) const { return streams_.contains(stream); }

    // The command now waits behind those to its stream. Requires: holds(its stream).
    void park_behind(Job job);
    // The command now waits, first of its stream, for those of `needs` that are not remembered;
    // those that are stay so until it was decided. Requires: one is not remembered.
    void park_first(Job job, const std::vector<AggregateKey>& needs);
    // What was asked of the loader came. Requires: it was asked for since clear().
    void receive(Loaded loaded);

    // A command whose wait is over: all it needed was recalled, or could not be.
    struct Released {
        Job job;
        std::optional<StoreError> error;
    };
    [[nodiscard]] bool has_released() const { return !released_.empty(); }
    // The first of a stream that waits for nothing any more. Requires: has_released(). Whoever
    // takes it decides it, or parks it again, before anything else.
    [[nodiscard]] Released release();
    // The released command was decided: the next of its stream follows. Not when it was parked
    // again.
    void decided(const StreamId& stream);

    // The fingerprint of the waiting command with that key.
    [[nodiscard]] const RequestFingerprint* fingerprint_of(const KeyHash& key) const;
    // Lets a duplicate wait until the command with its key was decided. Requires: it waits.
    void attach(Job duplicate);
    // The command with that key was decided; its duplicates can be.
    [[nodiscard]] std::vector<Job> detach(const KeyHash& key);

    // Everything that waits, in no order that matters.
    [[nodiscard]] std::vector<Job> clear();

private:
    struct Stream {
        std::deque<Job> jobs;
        std::size_t missing = 0;  // loads that the first waits for
        std::vector<AggregateKey> pinned;
        std::optional<StoreError> error;
    };
    struct Keyed {
        RequestFingerprint fingerprint{};
        std::vector<Job> duplicates;
    };

    void remember_key(const Job& job);
    void unpin(Stream& stream);

    Aggregates& aggregates_;
    Loader& loader_;
    std::unordered_map<StreamId, Stream> streams_;
    std::unordered_map<AggregateKey, std::vector<StreamId>> loading_;  // who waits for it
    std::deque<StreamId> released_;
    std::unordered_map<KeyHash, Keyed, KeyHashHash> keys_;
};

}  // namespace verbatim
