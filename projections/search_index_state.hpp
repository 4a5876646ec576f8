#pragma once

#include "projections/search_copy.hpp"
#include "projections/search_file.hpp"
#include "projections/search_index.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace verbatim {

// Private to search_index.cpp and search_rebuild.cpp.
struct SearchIndex::State {
    using Clock = std::chrono::steady_clock;
    // Scrubbing rewrites the whole index: what is destroyed within this time is scrubbed together.
    static constexpr std::chrono::seconds scrub_interval{30};

    State(const EventLog& log_, SearchIndexOptions options_)
        : log(log_), options(std::move(options_)), file(options.file, options.now) {}

    void run();
    StoreResult<void> work();
    StoreResult<void> open();
    StoreResult<void> follow();
    StoreResult<bool> commit_some(EventCursor& cursor);
    StoreResult<void> scrub_when_due();
    void tell_who_waits();
    bool is_waited_for();
    StoreResult<void> commit(Position at);
    void wait(const StoreResult<void>& outcome);
    void failed(const StoreError& error);
    void rebuild(const std::string& why);

    // A copy that rebuild() has made, for the thread to compare and to put in place.
    struct Fresh {
        std::unique_ptr<SearchCopy> copy;
        const RebuildRequest& request;
        RebuildReport report;
        StoreResult<void> outcome;
        bool is_done = false;
    };
    [[nodiscard]] StoreResult<void> build(Fresh& made) const;
    void take_over();
    StoreResult<void> compare(Fresh& made);
    StoreResult<void> put_in_place(SearchCopy& copy);

    const EventLog& log;
    const SearchIndexOptions options;
    SearchFile file;
    std::unique_ptr<SearchStore> store;  // the thread's
    std::atomic<std::uint64_t> position{0};
    std::string reported;
    bool is_tidied = false;
    bool needs_scrub = false;
    Clock::time_point scrubbed = Clock::now() - scrub_interval;

    std::mutex mutex;
    std::condition_variable changed;
    bool is_awake = true;
    std::vector<std::pair<Position, std::function<void()>>> waiting;  // for a clean file
    bool is_copying = false;                                          // there is a file beside it
    Fresh* fresh = nullptr;
    std::atomic<bool> is_stopping{false};
    bool has_ended = false;  // the thread
    std::thread thread;
};

}  // namespace verbatim
