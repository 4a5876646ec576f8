#pragma once

#include "eventstore/batch_encoder.hpp"
#include "eventstore/copied_indexes.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/record_reader.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

// Internal to the files event_log*.cpp.
namespace verbatim {

struct EventLog::State {
    State(std::unique_ptr<Storage> opened, LogEnd found, RandomBytes random)
        : storage(std::move(opened)),
          reader(*storage),
          encoder(found, std::move(random)),
          copied(*storage),
          durable(std::move(found)) {}

    // Requires: write_mutex is held. Errors: outcome_unknown; then no write succeeds any more.
    [[nodiscard]] StoreResult<void> write_locked(
        std::unique_ptr<StorageBatch> batch, Durability durability
    );
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) {
        const std::lock_guard lock(write_mutex);
        return write_locked(std::move(batch), durability);
    }
    // Requires: write_mutex is held, or nobody else knows of this yet.
    void note_unscrubbed(Position first, Position last) {
        unscrubbed_first = std::min(unscrubbed_first, first);
        unscrubbed_last = std::max(unscrubbed_last, last);
        needs_scrub = true;
    }
    [[nodiscard]] LogEnd durable_end() const {
        const std::lock_guard lock(durable_mutex);
        return durable;
    }

    std::unique_ptr<Storage> storage;
    RecordReader reader;
    BatchEncoder encoder;  // the preparing thread's
    CopiedIndexes copied;  // the replicating thread's

    std::atomic<std::uint64_t> destructions{0};  // changes under write_mutex
    std::atomic<bool> needs_scrub{false};        // the same
    // Whose contents may still stand in files; under write_mutex.
    Position unscrubbed_first{std::numeric_limits<std::uint64_t>::max()};
    Position unscrubbed_last;
    std::mutex write_mutex;
    std::atomic<bool> write_failed{false};

    mutable std::mutex durable_mutex;
    LogEnd durable;  // under durable_mutex
};

// The ids behind `prefix` in the column `meta`.
[[nodiscard]] StoreResult<std::vector<UserId>> users_behind(
    const Storage& storage, std::string_view prefix
);

}  // namespace verbatim
