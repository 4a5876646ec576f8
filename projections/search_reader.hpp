#pragma once

#include "domain/ids.hpp"
#include "projections/search_terms.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

struct SearchQuery {
    std::string text;
    std::vector<RoomId> rooms;  // where to look, in order; none: nothing is found
    std::optional<UserId> from;
    std::optional<Position> before;  // exclusive
    std::optional<Timestamp> since;  // inclusive, of the message's sent_at
    std::optional<Timestamp> until;  // exclusive
    std::size_t limit = 50;          // at least 1
};

struct SearchHit {
    Position position;  // of the message's message.sent
    RoomId room;
    Version seq;
};

// Newest first, which is by position. May hold fewer hits than asked for, also none, and yet be
// followed by another: one page looks at a bounded number of messages.
struct SearchPage {
    std::vector<SearchHit> hits;
    std::optional<Position> next;  // nullopt: there are no more
};

// What the index does not know of: who asks, and what has changed since it looked.
struct SearchView {
    std::function<StoreResult<bool>(const RoomId&, Version)> may_see;
    // nullopt: there is no such message any more.
    std::function<StoreResult<std::optional<std::string>>(const SearchHit&)> text_now;
};

enum class SearchFault {
    timed_out,  // its deadline has passed
    failed,     // the file can't be read; `error` says why
};
struct SearchFailure {
    SearchFault fault = SearchFault::failed;
    StoreError error{};
};

// Searches by one connection that only reads. Threads: one at a time.
class SearchReader {
public:
    using Clock = std::chrono::steady_clock;
    using Now = std::function<Clock::time_point()>;

    [[nodiscard]] static StoreResult<std::unique_ptr<SearchReader>> open(
        const std::filesystem::path& file, Now now
    );

    // Among what was committed when it began; a message that has lost its words since is left out.
    // Ends soon after `deadline` at the latest.
    [[nodiscard]] Expected<SearchPage, SearchFailure> find(
        const SearchQuery& query, const SearchView& view, Clock::time_point deadline
    );

private:
    struct Scan;
    SearchReader(std::unique_ptr<SqliteDatabase> database, Now now);

    [[nodiscard]] StoreResult<SearchPage> page(const SearchQuery& query, const SearchView& view);
    [[nodiscard]] StoreResult<SearchPage> walk(
        const SearchQuery& query, const SearchView& view, const std::string& expression
    );
    [[nodiscard]] StoreResult<Scan> scan(
        const SearchQuery& query,
        const SearchView& view,
        const std::string& expression,
        Position before,
        std::size_t candidates_max
    );
    [[nodiscard]] StoreResult<std::optional<SearchHit>> candidate(
        const SearchQuery& query, const SearchView& view, std::int64_t row
    );

    [[nodiscard]] StoreResult<void> drop_outdated(
        std::vector<SearchHit>& hits, const SearchTerms& terms, const SearchView& view
    ) const;

    std::unique_ptr<SqliteDatabase> database_;
    Now now_;
    Clock::time_point deadline_ = Clock::time_point::max();
    std::unique_ptr<SearchTokenizer> tokenizer_;
    std::optional<SqliteStatement> match_;
    std::optional<SqliteStatement> message_;
};

}  // namespace verbatim
