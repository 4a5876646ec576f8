#include "eventstore/log_storage.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <utility>

namespace verbatim {
namespace {

struct KeyChange {
    std::size_t column;
    std::string key;
    std::optional<std::string> value;  // nullopt: erased
};

class MemoryBatch final : public StorageBatch {
public:
    void put(std::size_t column, std::string_view key, std::string_view value) override {
        bytes_ += key.size() + value.size();
        changes_.push_back({column, std::string(key), std::string(value)});
    }
    void erase(std::size_t column, std::string_view key) override {
        bytes_ += key.size();
        changes_.push_back({column, std::string(key), std::nullopt});
    }
    [[nodiscard]] std::size_t bytes() const override { return bytes_; }
    [[nodiscard]] std::vector<KeyChange> take() { return std::move(changes_); }

private:
    std::vector<KeyChange> changes_;
    std::size_t bytes_ = 0;
};

// What a key was from the write `since` on, until the next.
struct Revision {
    std::uint64_t since;
    std::optional<std::string> value;
};
using Column = std::map<std::string, std::vector<Revision>, std::less<>>;

// Every value with the number of the write that made it, so that a cursor can go on seeing the
// store as it was. While a cursor lives, nothing that it may see is removed.
class Revisions {
public:
    explicit Revisions(std::size_t columns) : columns_(columns) {}

    void apply(std::vector<KeyChange> changes) {
        const std::unique_lock lock(mutex_);
        ++last_write_;
        for (KeyChange& change : changes) {
            revise(columns_.at(change.column), std::move(change.key), std::move(change.value));
        }
    }
    void clear(std::size_t column) {
        const std::unique_lock lock(mutex_);
        ++last_write_;
        if (watched_.empty()) return columns_.at(column).clear();
        for (auto& [key, revisions] : columns_.at(column)) {
            revisions.push_back({last_write_, std::nullopt});
        }
    }
    [[nodiscard]] std::optional<std::string> get(std::size_t column, std::string_view key) const {
        const std::shared_lock lock(mutex_);
        const auto found = columns_.at(column).find(key);
        if (found == columns_.at(column).end()) return std::nullopt;
        return found->second.back().value;
    }
    [[nodiscard]] std::uint64_t bytes() const {
        const std::shared_lock lock(mutex_);
        std::uint64_t total = 0;
        for (const Column& column : columns_) {
            for (const auto& [key, revisions] : column) {
                total += key.size() + revisions.back().value.value_or("").size();
            }
        }
        return total;
    }

private:
    friend class MemoryCursor;

    void revise(Column& column, std::string key, std::optional<std::string> value) {
        const auto entry = column.try_emplace(std::move(key)).first;
        if (watched_.empty()) entry->second.clear();
        entry->second.push_back({last_write_, std::move(value)});
        if (watched_.empty() && !entry->second.back().value) column.erase(entry);
    }

    mutable std::shared_mutex mutex_;
    std::vector<Column> columns_;
    std::uint64_t last_write_ = 0;
    std::multiset<std::uint64_t> watched_;  // the last writes that living cursors see
};

class MemoryCursor final : public StorageCursor {
public:
    MemoryCursor(Revisions& store, std::size_t column, std::string_view upper)
        : store_(store), column_(column), upper_(upper) {
        const std::unique_lock lock(store_.mutex_);
        as_of_ = store_.last_write_;
        store_.watched_.insert(as_of_);
    }
    ~MemoryCursor() override {
        const std::unique_lock lock(store_.mutex_);
        store_.watched_.erase(store_.watched_.find(as_of_));
    }
    MemoryCursor(const MemoryCursor&) = delete;
    MemoryCursor& operator=(const MemoryCursor&) = delete;

    [[nodiscard]] bool valid() const override { return valid_; }
    void next() override {
        const std::shared_lock lock(store_.mutex_);
        settle_forward(keys().upper_bound(key_));
    }
    void previous() override {
        const std::shared_lock lock(store_.mutex_);
        settle_backward(keys().lower_bound(key_));
    }
    void seek(std::string_view key) override {
        const std::shared_lock lock(store_.mutex_);
        settle_forward(keys().lower_bound(key));
    }
    void seek_for_previous(std::string_view key) override {
        const std::shared_lock lock(store_.mutex_);
        const bool beyond = !upper_.empty() && key >= upper_;
        settle_backward(beyond ? keys().lower_bound(upper_) : keys().upper_bound(key));
    }
    [[nodiscard]] std::string_view key() const override { return key_; }
    [[nodiscard]] std::string_view value() const override { return value_; }
    [[nodiscard]] StoreResult<void> status() const override { return {}; }

private:
    [[nodiscard]] const Column& keys() const { return store_.columns_[column_]; }
    // Copies what `at` held as of this cursor; false when it held nothing.
    bool settle(Column::const_iterator at) {
        const auto& revisions = at->second;
        const auto seen =
            std::find_if(revisions.rbegin(), revisions.rend(), [&](const Revision& revision) {
                return revision.since <= as_of_;
            });
        if (seen == revisions.rend() || !seen->value) return false;
        key_ = at->first;
        value_ = *seen->value;
        return true;
    }
    void settle_forward(Column::const_iterator from) {
        valid_ = false;
        for (; !valid_ && from != keys().end(); ++from) {
            if (!upper_.empty() && from->first >= upper_) return;
            valid_ = settle(from);
        }
    }
    void settle_backward(Column::const_iterator past) {
        valid_ = false;
        while (!valid_ && past != keys().begin()) valid_ = settle(--past);
    }

    Revisions& store_;
    const std::size_t column_;
    const std::string upper_;
    std::uint64_t as_of_ = 0;
    bool valid_ = false;
    std::string key_;
    std::string value_;
};

class MemoryStorage final : public Storage {
public:
    explicit MemoryStorage(std::size_t columns) : revisions_(columns) {}

    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override {
        return std::make_unique<MemoryBatch>();
    }
    [[nodiscard]] StoreResult<void> write(std::unique_ptr<StorageBatch> batch, Durability)
        override {
        revisions_.apply(static_cast<MemoryBatch&>(*batch).take());
        return {};
    }
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const override {
        return revisions_.get(column, key);
    }
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override {
        return std::make_unique<MemoryCursor>(revisions_, column, upper);
    }
    [[nodiscard]] StoreResult<void> clear(std::size_t column) override {
        revisions_.clear(column);
        return {};
    }
    // Nothing of it stands in a file.
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> /*all*/) override { return {}; }
    [[nodiscard]] std::uint64_t disk_bytes() const override { return revisions_.bytes(); }

private:
    mutable Revisions revisions_;  // making a cursor notes what it watches
};

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

std::unique_ptr<Storage> make_memory_storage(std::size_t columns) {
    return std::make_unique<MemoryStorage>(columns);
}

}  // namespace verbatim
