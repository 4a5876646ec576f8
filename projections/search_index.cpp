#include "projections/search_index.hpp"

#include "domain/invariant.hpp"
#include "projections/search_fold.hpp"
#include "projections/search_index_state.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

// One transaction. Big ones make few segments of FTS5, which are what its merges cost.
constexpr std::size_t events_per_commit = 16'384;
constexpr std::size_t text_bytes_per_commit = 16u << 20;
constexpr std::chrono::seconds retry_interval(1);

}  // namespace

static_assert(SearchIndex::schema == SearchStore::schema);

void SearchIndex::State::run() {
    while (!is_stopping) {
        const auto done = work();
        if (!done) failed(done.error());
        wait(done);
    }
    {
        // Nothing is taken over any more.
        const std::lock_guard lock(mutex);
        has_ended = true;
    }
    changed.notify_all();
    // The searches' connections first: the last to close moves the write-ahead log into the file,
    // which one that only reads could not.
    file.close();
    store.reset();
}

// Everything there is to do now.
StoreResult<void> SearchIndex::State::work() {
    if (store && file.is_damaged()) rebuild("a search found the file damaged");
    if (!store) {
        auto opened = open();
        if (!opened) return opened;
    }
    auto done = follow();
    if (!done) return done;
    done = scrub_when_due();
    if (done) take_over();
    if (done && !needs_scrub) tell_who_waits();
    return done;
}

bool SearchIndex::State::is_waited_for() {
    const std::lock_guard lock(mutex);
    return !waiting.empty();
}

void SearchIndex::State::tell_who_waits() {
    std::vector<std::function<void()>> told;
    {
        const std::lock_guard lock(mutex);
        // The copy may hold what the file does not any more.
        if (is_copying) return;
        std::erase_if(waiting, [&](auto& waiter) {
            const bool is_told = waiter.first <= Position(position);
            if (is_told) told.push_back(std::move(waiter.second));
            return is_told;
        });
    }
    for (const auto& done : told) done();
}

void SearchIndex::State::wait(const StoreResult<void>& outcome) {
    std::unique_lock lock(mutex);
    const auto has_news = [this] { return is_stopping || is_awake; };
    if (!outcome)
        changed.wait_for(lock, retry_interval, [this] { return is_stopping.load(); });
    else if (needs_scrub && !waiting.empty())
        changed.wait_for(lock, retry_interval, has_news);
    else if (needs_scrub)
        changed.wait_until(lock, scrubbed + scrub_interval, has_news);
    else
        changed.wait(lock, has_news);
    is_awake = false;
}

void SearchIndex::State::failed(const StoreError& error) {
    if (store) store->roll_back();
    // The log's own errors name a place in it; what is damaged here can be had again.
    if (store && error.fault == StoreFault::corrupt_record && error.position == Position())
        return rebuild(describe(error));
    const std::string what = "the search index stands still: " + describe(error);
    if (options.report && what != reported) options.report(what);
    reported = what;
}

void SearchIndex::State::rebuild(const std::string& why) {
    if (options.report) options.report("the search index is built anew: " + why);
    store.reset();
    position = 0;
    const auto removed = file.remove();
    if (!removed) failed(removed.error());
}

StoreResult<void> SearchIndex::State::open() {
    if (!is_tidied) {
        // What an interrupted rebuild has left.
        auto removed = remove_search_file(SearchCopy::path_beside(options.file));
        if (!removed) return removed;
        is_tidied = true;
    }
    auto opened = file.open(log);
    if (!opened) return failure(opened.error());
    if (opened->discarded && options.report)
        options.report("the search index is built anew: " + *opened->discarded);
    store = std::move(opened->store);
    const auto needs = store->needs_scrub();
    if (!needs) return failure(needs.error());
    needs_scrub = *needs;
    position = opened->position.value();
    reported.clear();
    if (options.advanced) options.advanced(opened->position);
    return {};
}

StoreResult<void> SearchIndex::State::follow() {
    if (position == log.head().value()) return {};
    const auto cursor = log.read_all(Position(position));
    while (!is_stopping && position < log.head().value()) {
        const auto is_end = commit_some(*cursor);
        if (!is_end) return failure(is_end.error());
        if (*is_end) return {};
    }
    return {};
}

// One transaction; true at the end of what the cursor shows.
StoreResult<bool> SearchIndex::State::commit_some(EventCursor& cursor) {
    auto begun = store->begin();
    if (!begun) return failure(begun.error());
    SearchFold fold(log, *store);
    Position last;
    bool is_end = false;
    std::size_t events = 0;
    for (; events < events_per_commit && fold.text_bytes() < text_bytes_per_commit; ++events) {
        const auto event = cursor.next();
        if (!event) return failure(event.error());
        is_end = !event->has_value();
        if (is_end || is_stopping) break;
        auto applied = fold.apply(**event);
        if (!applied) return failure(applied.error());
        last = (*event)->position;
    }
    if (last == Position() || is_stopping) {
        store->roll_back();
        return true;
    }
    if (fold.has_destroyed()) {
        auto asked = store->ask_for_scrub();
        if (!asked) return failure(asked.error());
        needs_scrub = true;
    }
    auto committed = commit(last);
    if (!committed) return failure(committed.error());
    position.store(last.value(), std::memory_order_release);
    if (options.advanced) options.advanced(last);
    return is_end;
}

StoreResult<void> SearchIndex::State::commit(Position at) {
    const auto leaf = log.leaf_hash(at);
    if (!leaf) return failure(leaf.error());
    return store->commit(
        {.position = at, .epoch = log.epoch(), .leaf = *leaf, .schema = SearchStore::schema}
    );
}

StoreResult<void> SearchIndex::State::scrub_when_due() {
    if (!needs_scrub) return {};
    if (Clock::now() < scrubbed + scrub_interval && !is_waited_for()) return {};
    const auto is_clean = store->scrub();
    if (!is_clean) return failure(is_clean.error());
    scrubbed = Clock::now();
    needs_scrub = !*is_clean;
    return {};
}

SearchIndex::SearchIndex(const EventLog& log, SearchIndexOptions options)
    : state_(std::make_unique<State>(log, std::move(options))) {}

SearchIndex::~SearchIndex() {
    stop();
}

void SearchIndex::start() {
    invariant(!state_->thread.joinable(), "the search index is started once");
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void SearchIndex::wake() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->is_awake = true;
    }
    state_->changed.notify_all();
}

void SearchIndex::stop() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->is_stopping = true;
    }
    state_->changed.notify_all();
    if (state_->thread.joinable()) state_->thread.join();
    state_->file.close();
}

Position SearchIndex::position() const {
    return Position(state_->position.load(std::memory_order_acquire));
}

std::uint64_t SearchIndex::disk_bytes() const {
    return state_->file.disk_bytes();
}

Expected<SearchPage, SearchFailure> SearchIndex::find(
    const SearchQuery& query, const SearchView& view, SearchReader::Clock::time_point deadline
) {
    auto found = state_->file.find(query, view, deadline);
    if (!found && state_->file.is_damaged()) wake();
    return found;
}

void SearchIndex::when_clean(Position at, std::function<void()> done) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->waiting.emplace_back(at, std::move(done));
    }
    wake();
}

}  // namespace verbatim
