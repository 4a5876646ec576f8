#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

namespace verbatim {

// Entries of an index that are on their way into the log: what a reader must look at before it asks
// the log. Each belongs to the batch that will make it durable; batches are numbered in their
// order. Threads: one at a time.
template <class Key, class Value, class Hash>
class Staged {
public:
    // nullptr: the log knows.
    [[nodiscard]] const Value* find(const Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }
    // In the order of batches.
    void put(const Key& key, Value value, std::uint64_t batch) {
        entries_[key] = {std::move(value), batch};
        order_.emplace_back(batch, key);
    }
    // All batches up to that number are durable.
    void forget_durable(std::uint64_t batch) {
        while (!order_.empty() && order_.front().first <= batch) {
            const auto found = entries_.find(order_.front().second);
            if (found != entries_.end() && found->second.batch <= batch) entries_.erase(found);
            order_.pop_front();
        }
    }
    void clear() {
        entries_.clear();
        order_.clear();
    }

private:
    struct Entry {
        Value value;
        std::uint64_t batch = 0;
    };

    std::unordered_map<Key, Entry, Hash> entries_;
    std::deque<std::pair<std::uint64_t, Key>> order_;
};

}  // namespace verbatim
