#include "projections/search_file.hpp"

#include <system_error>
#include <utility>

namespace verbatim {
namespace {

// Why the file's content is not what indexing `log` up to its checkpoint gives; nullopt: it is.
StoreResult<std::optional<std::string>> difference(
    const EventLog& log, const ViewCheckpoint& checkpoint
) {
    using Why = std::optional<std::string>;
    if (checkpoint.schema != SearchStore::schema) return Why("it was written by another build");
    if (checkpoint.epoch != log.epoch()) return Why("it belongs to another log");
    if (checkpoint.position > log.head()) return Why("it is ahead of the log");
    const auto leaf = log.leaf_hash(checkpoint.position);
    if (!leaf) return failure(leaf.error());
    if (*leaf != checkpoint.leaf) return Why("it differs from the log");
    return Why();
}

// Whether another try may do better with the same file.
bool may_pass(const StoreError& error) {
    return error.fault == StoreFault::cannot_open || error.fault == StoreFault::disk_full;
}

}  // namespace

StoreResult<SearchFile::Opened> SearchFile::open(const EventLog& log) {
    Opened opened;
    for (int attempt = 0;; ++attempt) {
        auto store = SearchStore::open(path_);
        auto checkpoint = store
                              ? (*store)->checkpoint()
                              : StoreResult<std::optional<ViewCheckpoint>>(failure(store.error()));
        if (checkpoint) {
            opened.store = std::move(*store);
            if (!*checkpoint) break;
            auto why = difference(log, **checkpoint);
            if (!why) return failure(why.error());
            if (!*why) {
                opened.position = (*checkpoint)->position;
                break;
            }
            opened.discarded = std::move(*why);
        } else {
            if (attempt > 0 || may_pass(checkpoint.error())) return failure(checkpoint.error());
            opened.discarded = describe(checkpoint.error());
        }
        opened.store.reset();
        if (store) store->reset();
        auto removed = remove_search_file(path_);
        if (!removed) return failure(removed.error());
    }
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    is_damaged_ = false;
    changed_.notify_all();
    return opened;
}

StoreResult<void> SearchFile::remove() {
    close();
    return remove_search_file(path_);
}

// The last connection to close removes the write-ahead log by its name: none may be left when
// another file takes that name.
void SearchFile::close() {
    std::unique_lock lock(mutex_);
    is_open_ = false;
    changed_.wait(lock, [this] { return searching_ == 0; });
    idle_.clear();
}

Expected<SearchPage, SearchFailure> SearchFile::find(
    const SearchQuery& query, const SearchView& view, SearchReader::Clock::time_point deadline
) {
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, deadline, [this] { return is_open_; }))
            return failure(SearchFailure{.fault = SearchFault::timed_out});
        ++searching_;
    }
    auto reader = take_reader();
    if (!reader) {
        give_back(nullptr);
        return failure(SearchFailure{.fault = SearchFault::failed, .error = reader.error()});
    }
    auto found = (*reader)->find(query, view, deadline);
    const bool is_damage = !found && found.error().fault == SearchFault::failed &&
                           found.error().error.fault == StoreFault::corrupt_record;
    if (is_damage) {
        const std::lock_guard lock(mutex_);
        is_damaged_ = true;
    }
    give_back(*std::move(reader));
    return found;
}

StoreResult<std::unique_ptr<SearchReader>> SearchFile::take_reader() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
    }
    return SearchReader::open(path_, now_);
}

void SearchFile::give_back(std::unique_ptr<SearchReader> reader) {
    {
        const std::lock_guard lock(mutex_);
        --searching_;
        if (reader) idle_.push_back(std::move(reader));
    }
    changed_.notify_all();
}

bool SearchFile::is_damaged() const {
    const std::lock_guard lock(mutex_);
    return is_damaged_;
}

std::uint64_t SearchFile::disk_bytes() const {
    std::uint64_t bytes = 0;
    for (const char* const suffix : {"", "-wal"}) {
        std::error_code fault;
        const auto size = std::filesystem::file_size(path_.string() + suffix, fault);
        if (!fault) bytes += size;
    }
    return bytes;
}

}  // namespace verbatim
