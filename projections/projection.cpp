#include "projections/projection.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace verbatim {
namespace {

std::size_t hash_of(std::string_view key) {
    return std::hash<std::string_view>{}(key);
}
std::uint32_t tag_of(std::size_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

StoreResult<std::optional<std::string>> ViewBatch::get(std::string_view key) const {
    const std::uint32_t place = slots_[slot_of(key, hash_of(key))].place;
    if (place != 0) return changes_[place - 1].value;
    return storage_.get(column_, key);
}

void ViewBatch::put(std::string_view key, std::string value) {
    bytes_ += key.size() + value.size();
    change(key, std::move(value));
}

void ViewBatch::erase(std::string_view key) {
    change(key, std::nullopt);
}

// The key's slot, or the free one where it belongs.
std::size_t ViewBatch::slot_of(std::string_view key, std::size_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.place == 0) return at;
        if (slot.tag == tag_of(hash) && changes_[slot.place - 1].key == key) return at;
    }
}

void ViewBatch::change(std::string_view key, std::optional<std::string> value) {
    const std::size_t hash = hash_of(key);
    Slot& slot = slots_[slot_of(key, hash)];
    if (slot.place != 0) {
        changes_[slot.place - 1].value = std::move(value);
        return;
    }
    changes_.push_back({std::string(key), std::move(value)});
    slot = {tag_of(hash), static_cast<std::uint32_t>(changes_.size())};
    if (changes_.size() * 2 > slots_.size()) grow();
}

void ViewBatch::grow() {
    slots_.assign(slots_.size() * 4, Slot());
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const std::size_t hash = hash_of(changes_[i].key);
        slots_[slot_of(changes_[i].key, hash)] = {tag_of(hash), static_cast<std::uint32_t>(i + 1)};
    }
}

// In key order: RocksDB finds the place of a key right after the one before it without a search.
void ViewBatch::write_to(StorageBatch& batch) const {
    std::vector<const Change*> ordered;
    ordered.reserve(changes_.size());
    for (const Change& change : changes_) ordered.push_back(&change);
    std::ranges::sort(ordered, {}, [](const Change* change) {
        return std::string_view(change->key);
    });
    for (const Change* const change : ordered) {
        if (change->value) {
            batch.put(column_, change->key, *change->value);
        } else {
            batch.erase(column_, change->key);
        }
    }
}

}  // namespace verbatim
