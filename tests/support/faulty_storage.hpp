#pragma once

#include "eventstore/log_storage.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <optional>

namespace verbatim::testing {

// What a test asks of a FaultyStorage, and what it saw.
struct StorageFaults {
    enum class Write { succeeds, fails_undone, fails_done };  // done: it is there all the same
    std::atomic<Write> next_write{Write::succeeds};
    std::atomic<bool> reads_fail{false};

    std::atomic<std::size_t> writes{0};
    std::atomic<Durability> last_durability{Durability::buffered};
    std::atomic<std::size_t> cursors{0};
    std::array<std::atomic<std::size_t>, 32> gets{};  // by column
};

// Passes on to another storage, which outlives it, so that a log on memory can be reopened.
class FaultyStorage final : public Storage {
public:
    FaultyStorage(std::shared_ptr<Storage> storage, std::shared_ptr<StorageFaults> faults)
        : storage_(std::move(storage)), faults_(std::move(faults)) {}

    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override;
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) override;
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const override;
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override;
    [[nodiscard]] StoreResult<void> clear(std::size_t column) override;
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> ranges) override {
        return storage_->scrub(ranges);
    }
    [[nodiscard]] std::uint64_t disk_bytes() const override { return storage_->disk_bytes(); }

private:
    std::shared_ptr<Storage> storage_;
    std::shared_ptr<StorageFaults> faults_;
};

}  // namespace verbatim::testing
