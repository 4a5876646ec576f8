#pragma once

#include "domain/invariant.hpp"

#include <cstddef>
#include <unordered_map>
#include <utility>

namespace verbatim {

// Values by key, in the order of their last use. Its owner says how many are too many, and which
// may go. What is pinned stays. Threads: one at a time. Values keep their addresses.
template <class Key, class Value>
class LruCache {
public:
    LruCache() = default;
    LruCache(const LruCache&) = delete;
    LruCache& operator=(const LruCache&) = delete;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    // nullptr: not here. Makes it the newest.
    [[nodiscard]] Value* touch(const Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return nullptr;
        make_newest(found->second);
        return &found->second.value;
    }
    // The same, and leaves the order as it is.
    [[nodiscard]] const Value* peek(const Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }
    // The value under `key`, made anew where there is none; the newest.
    Value& put(const Key& key) {
        const auto [found, is_new] = entries_.try_emplace(key);
        Entry& entry = found->second;
        if (is_new) {
            entry.key = &found->first;
            link_newest(entry);
        } else {
            make_newest(entry);
        }
        return entry.value;
    }

    void pin(const Key& key) { ++entries_.at(key).pins; }
    void unpin(const Key& key) {
        Entry& entry = entries_.at(key);
        invariant(entry.pins > 0, "what is unpinned was pinned");
        --entry.pins;
    }

    // Drops the value under `key`. False: it is pinned. Requires: it is here.
    bool drop(const Key& key) {
        const auto found = entries_.find(key);
        if (found->second.pins > 0) return false;
        unlink(found->second);
        entries_.erase(found);
        return true;
    }

    // Drops the oldest value that is not pinned and that `may_go`, and tells `gone` about it. Looks
    // at few: those that it must pass over become the newest, so that the next call sees others.
    template <class MayGo, class Gone>
    bool drop_oldest(MayGo&& may_go, Gone&& gone) {
        constexpr int looked_at_max = 16;
        for (int i = 0; i < looked_at_max && oldest_ != nullptr; ++i) {
            Entry& entry = *oldest_;
            if (entry.pins == 0 && may_go(std::as_const(entry.value))) {
                gone(std::as_const(entry.value));
                unlink(entry);
                entries_.erase(entries_.find(*entry.key));
                return true;
            }
            make_newest(entry);
        }
        return false;
    }

    void clear() {
        entries_.clear();
        newest_ = oldest_ = nullptr;
    }

private:
    struct Entry {
        Value value{};
        const Key* key = nullptr;
        Entry* newer = nullptr;
        Entry* older = nullptr;
        std::size_t pins = 0;
    };

    void link_newest(Entry& entry) {
        entry.newer = nullptr;
        entry.older = newest_;
        (newest_ != nullptr ? newest_->newer : oldest_) = &entry;
        newest_ = &entry;
    }
    void unlink(Entry& entry) {
        (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
        (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
    }
    void make_newest(Entry& entry) {
        if (newest_ == &entry) return;
        unlink(entry);
        link_newest(entry);
    }

    std::unordered_map<Key, Entry> entries_;
    Entry* newest_ = nullptr;
    Entry* oldest_ = nullptr;
};

}  // namespace verbatim
