#pragma once

#include "eventstore/event_log.hpp"
#include "projections/search_reader.hpp"
#include "projections/search_store.hpp"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// The search index's file with all its connections: one that writes, and those of the searches.
// When the file has to be replaced, searches wait until it is there again. Private to the index.
//
// Threads: open(), remove() and close() by the index's thread; the rest by any.
class SearchFile {
public:
    SearchFile(std::filesystem::path path, SearchReader::Now now)
        : path_(std::move(path)), now_(std::move(now)) {}

    struct Opened {
        std::unique_ptr<SearchStore> store;
        Position position;  // how far it has come
        // Why the file that was there is gone.
        std::optional<std::string> discarded{};
    };
    // Opens the file or makes it; one that is not what indexing `log` gives is removed first.
    // Errors: cannot_open, disk_full, io_failed, those of the log's leaf_hash().
    [[nodiscard]] StoreResult<Opened> open(const EventLog& log);
    // Waits for the searches that go on, and removes the file. Requires: its store is closed.
    [[nodiscard]] StoreResult<void> remove();
    // Lets nobody search any more, and closes what searches have left open.
    void close();

    [[nodiscard]] Expected<SearchPage, SearchFailure> find(
        const SearchQuery& query, const SearchView& view, SearchReader::Clock::time_point deadline
    );
    // A search has met damage since the file was opened.
    [[nodiscard]] bool is_damaged() const;
    [[nodiscard]] std::uint64_t disk_bytes() const;

private:
    [[nodiscard]] StoreResult<std::unique_ptr<SearchReader>> take_reader();
    void give_back(std::unique_ptr<SearchReader> reader);

    const std::filesystem::path path_;
    const SearchReader::Now now_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
    bool is_damaged_ = false;
    std::size_t searching_ = 0;
    std::vector<std::unique_ptr<SearchReader>> idle_;
};

}  // namespace verbatim
