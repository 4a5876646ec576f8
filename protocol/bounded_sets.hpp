#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace verbatim {

// Memory for at most `entries_max` entries, spread by a hash over small sets that are searched from
// end to end. Whoever adds to a full set says which of its entries goes. Sets take memory as they
// fill.
//
// Threads: any; the sets share a fixed number of locks.
template <class Entry, std::size_t ways = 16>
class BoundedSets {
public:
    static constexpr std::size_t ways_max = ways;

    explicit BoundedSets(std::size_t entries_max)
        : sets_(std::max<std::size_t>(1, entries_max / ways)) {}

    // Runs `body(std::vector<Entry>&)` on the set of `hash`, alone.
    template <class Body>
    decltype(auto) with(std::uint64_t hash, Body&& body) {
        const std::size_t index = mixed(hash) % sets_.size();
        const std::lock_guard lock(locks_[index % locks_.size()]);
        return std::forward<Body>(body)(sets_[index]);
    }

    // Adds to a set of this table, inside with(). A full one gives the place of the entry that
    // `less` puts first.
    template <class Less>
    static void add(std::vector<Entry>& set, Entry entry, Less less) {
        if (set.size() < ways) {
            if (set.capacity() == set.size()) set.reserve(std::min(ways, 2 * set.size() + 1));
            set.push_back(std::move(entry));
            return;
        }
        *std::min_element(set.begin(), set.end(), less) = std::move(entry);
    }

    // How many there are; for tests.
    [[nodiscard]] std::size_t size() {
        std::size_t entries = 0;
        for (std::size_t index = 0; index < sets_.size(); ++index) {
            const std::lock_guard lock(locks_[index % locks_.size()]);
            entries += sets_[index].size();
        }
        return entries;
    }

private:
    // An id's hash may be its own bytes, whose lowest need not differ.
    [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t hash) {
        hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
        return hash ^ hash >> 29;
    }

    std::vector<std::vector<Entry>> sets_;
    std::array<std::mutex, 64> locks_;
};

}  // namespace verbatim
