#pragma once

#include "eventstore/event_log.hpp"
#include "projections/rebuild.hpp"
#include "projections/search_store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace verbatim {

// A search index that is built anew in a file beside the live one's. Private to the index.
//
// Threads: one at a time.
class SearchCopy {
public:
    // The file's name beside that of the live one.
    [[nodiscard]] static std::filesystem::path path_beside(const std::filesystem::path& live);

    // Makes the file; one that is there is removed first. `log` must outlive the copy.
    // Errors: cannot_open, disk_full, io_failed.
    [[nodiscard]] static StoreResult<std::unique_ptr<SearchCopy>> make(
        const EventLog& log, std::filesystem::path path
    );

    // Folds the log up to `target`, inclusive, in transactions; calls `go_on` after each, whose
    // false ends it early. Errors: the log's and the store's.
    [[nodiscard]] StoreResult<void> fold(
        Position target, const std::function<bool(Position)>& go_on
    );
    // Leaves no byte of what was destroyed, and only the file itself. Nothing else after it.
    [[nodiscard]] StoreResult<void> finish();

    [[nodiscard]] SearchStore& store() { return *store_; }
    [[nodiscard]] Position folded() const { return folded_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    SearchCopy(const EventLog& log, std::filesystem::path path, std::unique_ptr<SearchStore> store)
        : log_(log), path_(std::move(path)), store_(std::move(store)) {}
    [[nodiscard]] StoreResult<void> commit_some(EventCursor& cursor, Position target);
    [[nodiscard]] StoreResult<void> commit();

    const EventLog& log_;
    const std::filesystem::path path_;
    std::unique_ptr<SearchStore> store_;
    Position folded_;
};

// The first message, by position, of which the two have not the same. Both stand at `position`.
[[nodiscard]] StoreResult<std::optional<ViewDifference>> first_difference(
    SearchStore& live, SearchStore& fresh, Position position, const std::function<bool()>& go_on
);

}  // namespace verbatim
