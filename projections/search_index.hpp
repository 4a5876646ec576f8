#pragma once

#include "eventstore/event_log.hpp"
#include "projections/rebuild.hpp"
#include "projections/search_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace verbatim {

struct SearchIndexOptions {
    std::filesystem::path file;
    std::function<void(const std::string&)> report;  // why it is rebuilt, and failures, for people
    std::function<void(Position)> advanced;          // after each commit, on the index's thread
    SearchReader::Now now = SearchReader::Clock::now;  // for deadlines
};

// Full text search over the live messages, in an SQLite file of its own, which is derived from the
// log: where it is missing, damaged, of another schema or epoch, ahead of the log or different from
// it at its checkpoint, it is removed and built anew. A thread of its own tails the log in
// transactions that hold their checkpoint, so that a crash leaves a whole number of them; commands
// never wait for it.
//
// Texts that the log destroys leave the file too, by the events that say so. Until the rest is
// overwritten, within a minute, they are found by nobody but still stand in the file's bytes.
//
// Threads:  start and stop by one; everything else by any.
// Lifetime: shorter than the log's.
class SearchIndex {
public:
    // Of the file and its tokens.
    static constexpr std::uint32_t schema = 1;

    SearchIndex(const EventLog& log, SearchIndexOptions options);
    ~SearchIndex();
    SearchIndex(const SearchIndex&) = delete;
    SearchIndex& operator=(const SearchIndex&) = delete;

    // Opens the file and indexes what it lacks, on the thread; returns at once.
    void start();
    // The log has grown. Does not block.
    void wake();
    // Ends the thread, leaving an unfinished transaction undone. Searches fail from then on.
    void stop();

    // Everything up to it can be found; 0 until the file is open.
    [[nodiscard]] Position position() const;
    [[nodiscard]] std::uint64_t disk_bytes() const;

    // Searches on the caller's thread, each concurrent call by a connection of its own, which are
    // kept. Where the file is not open, waits for it until the deadline.
    [[nodiscard]] Expected<SearchPage, SearchFailure> find(
        const SearchQuery& query, const SearchView& view, SearchReader::Clock::time_point deadline
    );

    // Calls `done` on the index's thread once no byte is left in the file of what events up to
    // `at` destroy. Not called where the index is stopped before.
    void when_clean(Position at, std::function<void()> done);

    // Indexes the log anew into a file beside the live one, compares the messages of the two where
    // both stand at the same position, then gives the fresh file the live one's name. Searches go
    // on; those that come while the names change wait for some milliseconds. Blocks, apart from the
    // last part, on the caller's thread. What a crash leaves is removed at the next start.
    //
    // Requires: start() was called; no other rebuild() goes on.
    // Errors: those of the log and of the files. The old file is live then.
    [[nodiscard]] StoreResult<RebuildReport> rebuild(const RebuildRequest& request);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim
