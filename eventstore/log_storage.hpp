#pragma once

#include "eventstore/store_error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Ordered key-value columns with atomic, synced batches: what the log stands on. Two
// implementations, memory and RocksDB (rocks_storage.hpp); the views use the second one too.
namespace verbatim {

// One batch of changes, in order. Built by one thread, then given away to Storage::write.
class StorageBatch {
public:
    virtual ~StorageBatch() = default;
    virtual void put(std::size_t column, std::string_view key, std::string_view value) = 0;
    virtual void erase(std::size_t column, std::string_view key) = 0;
    [[nodiscard]] virtual std::size_t bytes() const = 0;
};

// Walks keys in byte order. Valid until destroyed; sees the store as it was when it was made.
class StorageCursor {
public:
    virtual ~StorageCursor() = default;
    [[nodiscard]] virtual bool valid() const = 0;
    virtual void next() = 0;
    virtual void previous() = 0;
    virtual void seek(std::string_view key) = 0;               // first key >= `key`
    virtual void seek_for_previous(std::string_view key) = 0;  // last key <= `key`
    [[nodiscard]] virtual std::string_view key() const = 0;    // until the next move
    [[nodiscard]] virtual std::string_view value() const = 0;
    // Ask when !valid(): whether it ended or failed.
    [[nodiscard]] virtual StoreResult<void> status() const = 0;
};

enum class Durability { synced, buffered };

// The keys of a column in [begin, end); an empty end is the column's.
struct KeyRange {
    std::size_t column = 0;
    std::string begin;
    std::string end;
};

// Threads: all methods from any thread, except that one thread at a time writes.
class Storage {
public:
    virtual ~Storage() = default;

    [[nodiscard]] virtual std::unique_ptr<StorageBatch> new_batch() = 0;
    // All or nothing. `synced`: survives a power loss once this returned.
    // Errors: outcome_unknown. Nothing may be written after that but by reopening.
    [[nodiscard]] virtual StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) = 0;
    // nullopt: no such key.
    [[nodiscard]] virtual StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const = 0;
    // `upper`: exclusive bound of what the cursor will show; empty for none.
    [[nodiscard]] virtual std::unique_ptr<StorageCursor> cursor(
        std::size_t column, std::string_view upper = {}
    ) const = 0;
    // Removes a whole column's content, fast and for good. For rebuilding what is derived.
    [[nodiscard]] virtual StoreResult<void> clear(std::size_t column) = 0;
    // Leaves no byte of what was erased or replaced in `ranges` in the store's files, nor in its
    // write-ahead log, and makes all that was written before durable. Rewrites the ranges: slow,
    // beside reads and writes. A file that a cursor still reads goes with the cursor.
    // Errors: io_failed.
    [[nodiscard]] virtual StoreResult<void> scrub(std::span<const KeyRange> ranges) = 0;
    // Has every scrub() from now on end soon, as failed: before the store is closed. Any thread.
    virtual void cancel_scrub() {}
    [[nodiscard]] virtual std::uint64_t disk_bytes() const = 0;
};

// Smallest key greater than every key that begins with `prefix`; empty when there is none.
[[nodiscard]] std::string end_of_prefix(std::string_view prefix);

[[nodiscard]] std::unique_ptr<Storage> make_memory_storage(std::size_t columns);

}  // namespace verbatim
