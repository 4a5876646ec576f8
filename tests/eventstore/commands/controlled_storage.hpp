#pragma once

#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace verbatim::testing {

// Threads pass while it is open and wait while it is closed.
class Gate {
public:
    void close() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }
    void open() {
        {
            const std::lock_guard lock(mutex_);
            open_ = true;
        }
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        if (open_) return;
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        --waiting_;
    }
    // Until a thread stands before the closed gate.
    void wait_for_one() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return waiting_ > 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    int waiting_ = 0;
};

// What a test asks of a ControlledStorage, and what it saw.
struct StorageControl {
    Gate writes;            // synced ones
    Gate reads_of_blocked;  // the snapshots of `blocked` are looked for when it is recalled
    std::atomic<int> writes_until_failure{-1};  // synced ones that still succeed; -1: all
    std::atomic<bool> failed_write_is_there{false};
    std::array<std::atomic<std::size_t>, 8> gets{};  // by column

    void block(const StreamId& stream) {
        const std::lock_guard lock(mutex);
        blocked = std::string(stream_prefix(stream));
        reads_of_blocked.close();
    }
    void fail_reads_of(const StreamId& stream) {
        const std::lock_guard lock(mutex);
        failing = std::string(stream_prefix(stream));
    }
    void fail_no_reads() {
        const std::lock_guard lock(mutex);
        failing.reset();
    }
    // Waits until a cursor over the streams was made `number` times: a recall begins so.
    void wait_for_recalls(std::size_t number) {
        std::unique_lock lock(mutex);
        recalled.wait(lock, [&] { return recalls >= number; });
    }
    [[nodiscard]] std::size_t recalls_so_far() {
        const std::lock_guard lock(mutex);
        return recalls;
    }

    std::mutex mutex;
    std::condition_variable recalled;
    std::size_t recalls = 0;
    std::optional<std::string> blocked;
    std::optional<std::string> failing;
};

// Passes on to a storage that outlives it, so that a log on memory can be reopened.
class ControlledStorage final : public Storage {
public:
    ControlledStorage(std::shared_ptr<Storage> storage, std::shared_ptr<StorageControl> control)
        : storage_(std::move(storage)), control_(std::move(control)) {}

    std::unique_ptr<StorageBatch> new_batch() override { return storage_->new_batch(); }
    StoreResult<void> write(std::unique_ptr<StorageBatch> batch, Durability durability) override {
        if (durability == Durability::buffered)
            return storage_->write(std::move(batch), durability);
        control_->writes.pass();
        if (control_->writes_until_failure > 0) --control_->writes_until_failure;
        if (control_->writes_until_failure != 0)
            return storage_->write(std::move(batch), durability);
        if (control_->failed_write_is_there) {
            auto written = storage_->write(std::move(batch), durability);
            if (!written) return written;
        }
        return failure(StoreError{StoreFault::outcome_unknown, {}, "as the test wants it"});
    }
    StoreResult<std::optional<std::string>> get(std::size_t column, std::string_view key)
        const override {
        ++control_->gets.at(column);
        bool is_blocked = false;
        if (column == EventLog::snapshots) {
            const std::lock_guard lock(control_->mutex);
            is_blocked = control_->blocked == key;
            if (control_->failing == key)
                return failure(StoreError{StoreFault::io_failed, {}, "as the test wants it"});
        }
        if (is_blocked) control_->reads_of_blocked.pass();
        return storage_->get(column, key);
    }
    std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override {
        if (column == EventLog::streams) {
            {
                const std::lock_guard lock(control_->mutex);
                ++control_->recalls;
            }
            control_->recalled.notify_all();
        }
        return storage_->cursor(column, upper);
    }
    StoreResult<void> clear(std::size_t column) override { return storage_->clear(column); }
    StoreResult<void> scrub(std::span<const KeyRange> ranges) override {
        return storage_->scrub(ranges);
    }
    std::uint64_t disk_bytes() const override { return storage_->disk_bytes(); }

private:
    const std::shared_ptr<Storage> storage_;
    const std::shared_ptr<StorageControl> control_;
};

}  // namespace verbatim::testing
