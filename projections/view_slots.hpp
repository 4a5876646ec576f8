#pragma once

#include "domain/ids.hpp"
#include "eventstore/log_storage.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// The views' store with two columns for each view: the live one, which is all that readers and
// batches see (under the view's own number), and the idle one, in which a copy is built beside it.
// Which is which stands in a column of its own and changes in one write. Private to the views.
//
// Threads: as Storage; to a view's idle column another thread may write meanwhile, which the store
//          beneath bears, since no key is written by both. exchange() waits for the reads that have
//          begun and holds up later ones for no longer than it takes to note a
//          number; a cursor stays where it was made.
class ViewSlots final : public Storage {
public:
    // The columns of such a store: the views' first ones under the views' names, their second ones,
    // and the one that says which is live.
    [[nodiscard]] static std::vector<std::string> column_names(const std::vector<std::string>& views
    );

    // `columns` has those of column_names(views).
    ViewSlots(std::unique_ptr<Storage> columns, std::vector<std::string> views);

    // Reads which columns are live. Before anything else. Errors: io_failed, corrupt_record.
    [[nodiscard]] StoreResult<void> open();

    // The live columns, by the numbers of the views.
    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override;
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) override;
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t view, std::string_view key
    ) const override;
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t view, std::string_view upper)
        const override;
    [[nodiscard]] StoreResult<void> clear(std::size_t view) override;
    // Both columns of the views that `ranges` name.
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> ranges) override;
    void cancel_scrub() override { columns_->cancel_scrub(); }
    [[nodiscard]] std::uint64_t disk_bytes() const override { return columns_->disk_bytes(); }

    // All columns by their own numbers.
    [[nodiscard]] Storage& columns() { return *columns_; }
    [[nodiscard]] std::size_t idle_column(std::size_t view) const;
    // Makes the idle column the live one, and with it writes `changes` (of columns()). Requires:
    // nobody else writes, and no batch of new_batch() is under way. Errors: outcome_unknown;
    // nothing was exchanged.
    [[nodiscard]] StoreResult<void> exchange(
        std::size_t view, std::unique_ptr<StorageBatch> changes, Timestamp now
    );
    // When it was exchanged the last time; nullopt: never.
    [[nodiscard]] std::optional<Timestamp> exchanged_at(std::size_t view) const;

private:
    struct Slot {
        bool is_second = false;
        std::optional<Timestamp> exchanged_at;
    };
    class Batch;

    [[nodiscard]] std::size_t live_column(std::size_t view) const;
    [[nodiscard]] std::size_t slots_column() const { return 2 * views_.size(); }

    const std::unique_ptr<Storage> columns_;
    const std::vector<std::string> views_;
    mutable std::shared_mutex mutex_;
    std::vector<Slot> slots_;
};

}  // namespace verbatim
