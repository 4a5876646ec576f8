#include "tests/support/faulty_storage.hpp"

#include <utility>

namespace verbatim::testing {
namespace {

tl::unexpected<StoreError> planted(StoreFault fault) {
    return failure(StoreError{fault, {}, "planted"});
}

class FailedCursor final : public StorageCursor {
public:
    [[nodiscard]] bool valid() const override { return false; }
    void next() override {}
    void previous() override {}
    void seek(std::string_view) override {}
    void seek_for_previous(std::string_view) override {}
    [[nodiscard]] std::string_view key() const override { return {}; }
    [[nodiscard]] std::string_view value() const override { return {}; }
    [[nodiscard]] StoreResult<void> status() const override {
        return planted(StoreFault::io_failed);
    }
};

}  // namespace

std::unique_ptr<StorageBatch> FaultyStorage::new_batch() {
    return storage_->new_batch();
}

StoreResult<void> FaultyStorage::write(std::unique_ptr<StorageBatch> batch, Durability durability) {
    using Write = StorageFaults::Write;
    ++faults_->writes;
    faults_->last_durability = durability;
    const Write outcome = faults_->next_write.exchange(Write::succeeds);
    if (outcome == Write::fails_undone) return planted(StoreFault::outcome_unknown);
    auto written = storage_->write(std::move(batch), durability);
    if (outcome == Write::fails_done) return planted(StoreFault::outcome_unknown);
    return written;
}

StoreResult<std::optional<std::string>> FaultyStorage::get(std::size_t column, std::string_view key)
    const {
    ++faults_->gets.at(column);
    if (faults_->reads_fail) return planted(StoreFault::io_failed);
    return storage_->get(column, key);
}

std::unique_ptr<StorageCursor> FaultyStorage::cursor(std::size_t column, std::string_view upper)
    const {
    ++faults_->cursors;
    if (faults_->reads_fail) return std::make_unique<FailedCursor>();
    return storage_->cursor(column, upper);
}

StoreResult<void> FaultyStorage::clear(std::size_t column) {
    return storage_->clear(column);
}

}  // namespace verbatim::testing
