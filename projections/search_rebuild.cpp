#include "projections/search_index_state.hpp"

#include <optional>
#include <system_error>
#include <utility>

// SearchIndex::rebuild: a fresh file beside the live one.
namespace verbatim {

// On the caller's thread: all but what comes meanwhile.
StoreResult<void> SearchIndex::State::build(Fresh& made) const {
    auto copy = SearchCopy::make(log, SearchCopy::path_beside(options.file));
    if (!copy) return failure(copy.error());
    made.copy = std::move(*copy);
    return made.copy->fold(log.head(), [&](Position folded) {
        const auto& reached = made.request.reached;
        made.report.was_given_up =
            is_stopping || (reached && !reached(RebuildStage::folding, folded));
        return !made.report.was_given_up;
    });
}

// On the index's thread.
void SearchIndex::State::take_over() {
    Fresh* made = nullptr;
    {
        const std::lock_guard lock(mutex);
        made = fresh;
    }
    if (made == nullptr) return;
    auto done = compare(*made);
    const bool is_wanted = !made->request.compares_only && !made->report.was_given_up;
    if (done && is_wanted) done = put_in_place(*made->copy);
    const std::lock_guard lock(mutex);
    made->outcome = std::move(done);
    made->is_done = true;
    fresh = nullptr;
    changed.notify_all();
}

StoreResult<void> SearchIndex::State::compare(Fresh& made) {
    SearchCopy& copy = *made.copy;
    const auto& reached = made.request.reached;
    const auto go_on = [&] {
        made.report.was_given_up =
            is_stopping || (reached && !reached(RebuildStage::comparing, copy.folded()));
        return !made.report.was_given_up;
    };
    // A text may be gone from the log of which the live file has not been told: look once more
    // after both were.
    for (const bool is_last : {false, true}) {
        auto done = follow();
        if (done) done = copy.fold(Position(position), [](Position) { return true; });
        if (!done) return done;
        made.report.position = copy.folded();
        auto difference = first_difference(*store, copy.store(), copy.folded(), go_on);
        if (!difference) return failure(difference.error());
        if (!*difference || made.report.was_given_up) return {};
        if (is_last) made.report.difference = std::move(*difference);
    }
    return {};
}

// The last connection to close moves the write-ahead log into its file, so that a name is all that
// has to change.
StoreResult<void> SearchIndex::State::put_in_place(SearchCopy& copy) {
    auto finished = copy.finish();
    if (!finished) return finished;
    file.close();
    store.reset();
    std::error_code fault;
    for (const char* const suffix : {"-wal", "-shm"})
        std::filesystem::remove(options.file.string() + suffix, fault);
    std::filesystem::rename(copy.path(), options.file, fault);
    auto opened = open();
    if (fault)
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            "the fresh search index could not take its place: " + fault.message()});
    return opened;
}

StoreResult<RebuildReport> SearchIndex::rebuild(const RebuildRequest& request) {
    State::Fresh made{.copy = nullptr, .request = request, .report = {}, .outcome = {}};
    {
        const std::lock_guard lock(state_->mutex);
        state_->is_copying = true;
    }
    auto done = state_->build(made);
    {
        std::unique_lock lock(state_->mutex);
        if (done && !made.report.was_given_up) {
            state_->fresh = &made;
            state_->is_awake = true;
            state_->changed.notify_all();
            state_->changed.wait(lock, [&] { return made.is_done || state_->has_ended; });
            state_->fresh = nullptr;
            if (!made.is_done) made.report.was_given_up = true;
            done = std::move(made.outcome);
        }
    }
    made.copy.reset();
    const auto removed = remove_search_file(SearchCopy::path_beside(state_->options.file));
    {
        const std::lock_guard lock(state_->mutex);
        state_->is_copying = false;
    }
    wake();
    if (!done) return failure(done.error());
    if (!removed) return failure(removed.error());
    return std::move(made.report);
}

}  // namespace verbatim
