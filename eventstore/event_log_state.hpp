#pragma once

#include "eventstore/batch_encoder.hpp"
#include "eventstore/copied_indexes.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/record_reader.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

// Internal to the files event_log*.cpp.
namespace verbatim {

struct EventLog::State {
    State(std::unique_ptr<Storage> opened, LogEnd found, RandomBytes random)
        : storage(std::move(opened)),
          reader(*storage),
          encoder(found, std::move(random)),
          copied(*storage),
          durable(std::move(found)) {}

    // Errors: outcome_unknown; then no write succeeds any more.
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    );
    [[nodiscard]] LogEnd durable_end() const {
        const std::lock_guard lock(durable_mutex);
        return durable;
    }

    std::unique_ptr<Storage> storage;
    RecordReader reader;
    BatchEncoder encoder;  // the preparing thread's
    CopiedIndexes copied;  // the replicating thread's

    std::mutex write_mutex;
    std::atomic<bool> write_failed{false};

    mutable std::mutex durable_mutex;
    LogEnd durable;  // under durable_mutex
};

}  // namespace verbatim
