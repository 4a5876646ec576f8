#include "projections/search_copy.hpp"

#include "projections/search_fold.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {

namespace {

constexpr std::size_t events_per_commit = 16'384;
constexpr std::size_t text_bytes_per_commit = 16u << 20;
constexpr std::size_t rows_per_report = 1'024;

std::optional<std::string> shown(const std::optional<IndexedMessage>& message, Position at) {
    if (!message || message->position != at) return std::nullopt;
    return message->text;
}

}  // namespace

std::filesystem::path SearchCopy::path_beside(const std::filesystem::path& live) {
    return live.string() + ".new";
}

StoreResult<std::unique_ptr<SearchCopy>> SearchCopy::make(
    const EventLog& log, std::filesystem::path path
) {
    auto removed = remove_search_file(path);
    if (!removed) return failure(removed.error());
    auto store = SearchStore::open(path);
    if (!store) return failure(store.error());
    return std::unique_ptr<SearchCopy>(new SearchCopy(log, std::move(path), std::move(*store)));
}

StoreResult<void> SearchCopy::fold(Position target, const std::function<bool(Position)>& go_on) {
    if (folded_ >= target) return {};
    const auto cursor = log_.read_all(folded_);
    while (folded_ < target) {
        auto done = commit_some(*cursor, target);
        if (!done) {
            store_->roll_back();
            return done;
        }
        if (!go_on(folded_)) return {};
    }
    return {};
}

StoreResult<void> SearchCopy::commit_some(EventCursor& cursor, Position target) {
    auto done = store_->begin();
    SearchFold fold(log_, *store_);
    for (std::size_t events = 0; done && events < events_per_commit &&
                                 fold.text_bytes() < text_bytes_per_commit && folded_ < target;
         ++events) {
        const auto event = cursor.next();
        if (!event) return failure(event.error());
        if (!*event)
            return failure(StoreError{StoreFault::missing_record, target, "the log ends before"});
        done = fold.apply(**event);
        folded_ = (*event)->position;
    }
    if (done && fold.has_destroyed()) done = store_->ask_for_scrub();
    return done ? commit() : done;
}

StoreResult<void> SearchCopy::commit() {
    const auto leaf = log_.leaf_hash(folded_);
    if (!leaf) return failure(leaf.error());
    return store_->commit(
        {.position = folded_, .epoch = log_.epoch(), .leaf = *leaf, .schema = SearchStore::schema}
    );
}

StoreResult<void> SearchCopy::finish() {
    const auto needs = store_->needs_scrub();
    if (!needs) return failure(needs.error());
    if (*needs) {
        // Nobody else has the file: what could hold up the emptying is not there.
        const auto is_clean = store_->scrub();
        if (!is_clean) return failure(is_clean.error());
    }
    store_.reset();
    return {};
}

StoreResult<std::optional<ViewDifference>> first_difference(
    SearchStore& live, SearchStore& fresh, Position position, const std::function<bool()>& go_on
) {
    using Difference = std::optional<ViewDifference>;
    Position after;
    for (std::size_t rows = 1;; ++rows) {
        const auto of_live = live.next_after(after);
        if (!of_live) return failure(of_live.error());
        const auto of_fresh = fresh.next_after(after);
        if (!of_fresh) return failure(of_fresh.error());
        if (!*of_live && !*of_fresh) return Difference();
        if (*of_live != *of_fresh) {
            Position at = *of_live ? (*of_live)->position : (*of_fresh)->position;
            if (*of_fresh) at = std::min(at, (*of_fresh)->position);
            return Difference(
                {position,
                 "message at position " + std::to_string(at.value()),
                 shown(*of_live, at),
                 shown(*of_fresh, at)}
            );
        }
        after = (*of_live)->position;
        if (rows % rows_per_report == 0 && !go_on()) return Difference();
    }
}

}  // namespace verbatim
