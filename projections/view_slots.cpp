#include "projections/view_slots.hpp"

#include "projections/row_codec.hpp"

#include <mutex>
#include <utility>

namespace verbatim {

// Changes of live columns on their way into one write.
class ViewSlots::Batch final : public StorageBatch {
public:
    explicit Batch(const ViewSlots& slots) : slots_(slots), batch_(slots.columns_->new_batch()) {}

    void put(std::size_t view, std::string_view key, std::string_view value) override {
        batch_->put(slots_.live_column(view), key, value);
    }
    void erase(std::size_t view, std::string_view key) override {
        batch_->erase(slots_.live_column(view), key);
    }
    [[nodiscard]] std::size_t bytes() const override { return batch_->bytes(); }
    [[nodiscard]] std::unique_ptr<StorageBatch> take() { return std::move(batch_); }

private:
    const ViewSlots& slots_;
    std::unique_ptr<StorageBatch> batch_;
};

std::vector<std::string> ViewSlots::column_names(const std::vector<std::string>& views) {
    std::vector<std::string> names = views;
    for (const std::string& view : views) names.push_back(view + ".2");
    names.emplace_back("slots");
    return names;
}

ViewSlots::ViewSlots(std::unique_ptr<Storage> columns, std::vector<std::string> views)
    : columns_(std::move(columns)), views_(std::move(views)), slots_(views_.size()) {}

StoreResult<void> ViewSlots::open() {
    for (std::size_t view = 0; view < views_.size(); ++view) {
        const auto stored = columns_->get(slots_column(), views_[view]);
        if (!stored) return failure(stored.error());
        if (!*stored) continue;
        RowReader row(**stored);
        const std::uint8_t second = row.u8();
        slots_[view] = {.is_second = second == 1, .exchanged_at = row.time()};
        if (!row.is_done() || second > 1)
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "which column of " + views_[view] + " is live"});
    }
    return {};
}

std::unique_ptr<StorageBatch> ViewSlots::new_batch() {
    return std::make_unique<Batch>(*this);
}

StoreResult<void> ViewSlots::write(std::unique_ptr<StorageBatch> batch, Durability durability) {
    return columns_->write(static_cast<Batch&>(*batch).take(), durability);
}

StoreResult<std::optional<std::string>> ViewSlots::get(std::size_t view, std::string_view key)
    const {
    const std::shared_lock lock(mutex_);
    return columns_->get(live_column(view), key);
}

std::unique_ptr<StorageCursor> ViewSlots::cursor(std::size_t view, std::string_view upper) const {
    const std::shared_lock lock(mutex_);
    return columns_->cursor(live_column(view), upper);
}

StoreResult<void> ViewSlots::clear(std::size_t view) {
    return columns_->clear(live_column(view));
}

StoreResult<void> ViewSlots::scrub(std::span<const KeyRange> ranges) {
    std::vector<KeyRange> both;
    for (const KeyRange& range : ranges)
        for (const std::size_t column : {range.column, range.column + views_.size()}) {
            both.push_back(range);
            both.back().column = column;
        }
    return columns_->scrub(both);
}

std::size_t ViewSlots::live_column(std::size_t view) const {
    return view + (slots_[view].is_second ? views_.size() : 0);
}

std::size_t ViewSlots::idle_column(std::size_t view) const {
    const std::shared_lock lock(mutex_);
    return view + (slots_[view].is_second ? 0 : views_.size());
}

StoreResult<void> ViewSlots::exchange(
    std::size_t view, std::unique_ptr<StorageBatch> changes, Timestamp now
) {
    const Slot after{.is_second = !slots_[view].is_second, .exchanged_at = now};
    changes->put(
        slots_column(), views_[view], RowWriter().u8(after.is_second ? 1 : 0).time(now).take()
    );
    auto written = columns_->write(std::move(changes), Durability::buffered);
    if (!written) return written;
    const std::unique_lock lock(mutex_);
    slots_[view] = after;
    return {};
}

std::optional<Timestamp> ViewSlots::exchanged_at(std::size_t view) const {
    const std::shared_lock lock(mutex_);
    return slots_[view].exchanged_at;
}

}  // namespace verbatim
