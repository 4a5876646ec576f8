#pragma once

#include "eventstore/event_record.hpp"
#include "eventstore/log_storage.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// Reads and changes one view's column: changes are kept here, seen by later reads through it, and
// leave in one write with those of all views and their checkpoints. A key changed twice is written
// once. Single thread.
class ViewBatch {
public:
    ViewBatch(const Storage& storage, std::size_t column) : storage_(storage), column_(column) {}

    [[nodiscard]] StoreResult<std::optional<std::string>> get(std::string_view key) const;
    void put(std::string_view key, std::string value);
    void erase(std::string_view key);
    void write_to(StorageBatch& batch) const;
    [[nodiscard]] bool empty() const { return changes_.empty(); }
    // Of all values that were put, those that were replaced included: about what it holds.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Change {
        std::string key;
        std::optional<std::string> value;  // nullopt: erased
    };
    // Every event looks here several times: an open table of places in `changes_`, which compares
    // no key but the one that is meant.
    struct Slot {
        std::uint32_t tag = 0;    // of the key's hash
        std::uint32_t place = 0;  // in changes_, from 1; 0: free
    };

    [[nodiscard]] std::size_t slot_of(std::string_view key, std::size_t hash) const;
    void change(std::string_view key, std::optional<std::string> value);
    void grow();

    const Storage& storage_;
    std::size_t column_;
    std::size_t bytes_ = 0;
    std::vector<Change> changes_;
    std::vector<Slot> slots_ = std::vector<Slot>(64);  // a power of two, at most half full
};

// Folds the log into one read model. Deterministic: the same events give the same bytes, however
// they were batched. Reads nothing but its own column and the event.
class Projection {
public:
    virtual ~Projection() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    // Shape of its rows: a change of it makes the view be rebuilt at start.
    [[nodiscard]] virtual std::uint32_t schema() const = 0;
    // Errors: io_failed, corrupt_record of a row. The batch is then thrown away.
    [[nodiscard]] virtual StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) = 0;
    // The contents of `event`, which was applied before, are destroyed: it is given without them.
    // Afterwards the rows are as if it had never had any: what the log gives of it from now on.
    // Can be repeated. Errors: those of apply().
    [[nodiscard]] virtual StoreResult<void> forget(
        const RecordedEvent& /*event*/, ViewBatch& /*batch*/
    ) {
        return {};  // a view without texts
    }
};

}  // namespace verbatim
