#include "projections/search_reader.hpp"

#include "domain/limits.hpp"
#include "projections/search_scope.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace verbatim {
namespace {

constexpr const char* settings = R"(
    PRAGMA query_only = ON;
    PRAGMA cache_size = -32768;
)";

constexpr auto newest = Position(std::numeric_limits<std::int64_t>::max());

// FTS5 opens a list for every room that it is asked about, and walks all of them beside the words'.
// Words that are rare, or rare together, are found sooner without. Somebody who is in more rooms
// than one expression takes is likely to be in a word's newest ones, so more is looked at first.
constexpr std::size_t rooms_per_expression = 200;
constexpr std::size_t candidates_before_rooms = 64;
constexpr std::size_t candidates_before_many_rooms = 2'000;

template <class Id>
Id id_of(std::string_view bytes) {
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size() && i < bytes.size(); ++i)
        uuid.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
    return Id(uuid);
}

std::string with_rooms(const std::string& expression, std::span<const RoomId> rooms) {
    std::vector<std::string> tokens;
    tokens.reserve(rooms.size());
    for (const RoomId& room : rooms) tokens.push_back(scope_token(room));
    return any_of_scope(tokens) + " AND " + expression;
}

}  // namespace

// A walk from newer to older messages.
struct SearchReader::Scan {
    std::vector<SearchHit> hits;
    // Messages at or after it have been looked at; nullopt: all were.
    std::optional<Position> looked_down_to;
};

SearchReader::SearchReader(std::unique_ptr<SqliteDatabase> database, Now now)
    : database_(std::move(database)), now_(std::move(now)) {}

StoreResult<std::unique_ptr<SearchReader>> SearchReader::open(
    const std::filesystem::path& file, Now now
) {
    auto database = SqliteDatabase::open(file, SqliteDatabase::Access::read);
    if (!database) return failure(database.error());
    std::unique_ptr<SearchReader> reader(new SearchReader(std::move(*database), std::move(now)));
    auto tokenizer = SearchTokenizer::install(*reader->database_);
    if (!tokenizer) return failure(tokenizer.error());
    reader->tokenizer_ = std::move(*tokenizer);
    const auto set = reader->database_->run(settings);
    if (!set) return failure(set.error());
    auto match = reader->database_->prepare(
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC"
    );
    if (!match) return failure(match.error());
    reader->match_.emplace(std::move(*match));
    auto message = reader->database_->prepare(
        "SELECT room, seq, sender, sent_at FROM messages WHERE position = ?1"
    );
    if (!message) return failure(message.error());
    reader->message_.emplace(std::move(*message));
    reader->database_->interrupt_when([self = reader.get()] {
        return self->now_() >= self->deadline_;
    });
    return reader;
}

Expected<SearchPage, SearchFailure> SearchReader::find(
    const SearchQuery& query, const SearchView& view, Clock::time_point deadline
) {
    deadline_ = deadline;
    if (now_() >= deadline) return failure(SearchFailure{.fault = SearchFault::timed_out});
    auto found = page(query, view);
    match_->reset();
    message_->reset();
    if (found) return *std::move(found);
    const bool is_late = found.error().fault == StoreFault::io_failed && now_() >= deadline;
    return failure(SearchFailure{
        .fault = is_late ? SearchFault::timed_out : SearchFault::failed, .error = found.error()});
}

StoreResult<SearchPage> SearchReader::page(const SearchQuery& query, const SearchView& view) {
    auto terms = SearchTerms::parse(query.text, *tokenizer_);
    if (!terms) return failure(terms.error());
    if (terms->empty() || query.rooms.empty()) return SearchPage();
    std::string expression = terms->expression();
    if (query.from) expression = any_of_scope({scope_token(*query.from)}) + " AND " + expression;
    const auto times = time_cover(query.since, query.until);
    if (!times.empty()) expression = any_of_scope(times) + " AND " + expression;
    auto page = walk(query, view, expression);
    if (!page) return page;
    const auto checked = drop_outdated(page->hits, *terms, view);
    if (!checked) return failure(checked.error());
    return page;
}

// Edited or deleted after the index had looked.
StoreResult<void> SearchReader::drop_outdated(
    std::vector<SearchHit>& hits, const SearchTerms& terms, const SearchView& view
) const {
    std::vector<SearchHit> current;
    current.reserve(hits.size());
    for (const SearchHit& hit : hits) {
        const auto text = view.text_now(hit);
        if (!text) return failure(text.error());
        if (!*text) continue;
        const auto tokens = tokenizer_->tokens_of(**text);
        if (!tokens) return failure(tokens.error());
        if (terms.match(*tokens)) current.push_back(hit);
    }
    hits = std::move(current);
    return {};
}

StoreResult<SearchPage> SearchReader::walk(
    const SearchQuery& query, const SearchView& view, const std::string& expression
) {
    const bool has_many = query.rooms.size() > rooms_per_expression;
    Position before = query.before.value_or(newest);
    auto first = scan(
        query,
        view,
        expression,
        before,
        has_many ? candidates_before_many_rooms : candidates_before_rooms
    );
    if (!first) return failure(first.error());
    Scan all = *std::move(first);
    if (all.looked_down_to) before = *all.looked_down_to;
    const bool goes_on = all.looked_down_to && all.hits.size() <= query.limit;
    if (goes_on) all.looked_down_to.reset();
    for (std::size_t i = 0; goes_on && i < query.rooms.size(); i += rooms_per_expression) {
        const auto some = std::span(query.rooms).subspan(i);
        const auto rooms = some.first(std::min(rooms_per_expression, some.size()));
        const auto part =
            scan(query, view, with_rooms(expression, rooms), before, limits::search_candidates_max);
        if (!part) return failure(part.error());
        all.hits.insert(all.hits.end(), part->hits.begin(), part->hits.end());
        // Below where one part stopped the page would lack that part's.
        all.looked_down_to = std::max(all.looked_down_to, part->looked_down_to);
    }

    std::ranges::sort(all.hits, std::ranges::greater(), &SearchHit::position);
    if (all.looked_down_to)
        std::erase_if(all.hits, [&](const SearchHit& hit) {
            return hit.position < *all.looked_down_to;
        });
    SearchPage page{.hits = {}, .next = all.looked_down_to};
    if (all.hits.size() > query.limit) {
        all.hits.resize(query.limit);
        page.next = all.hits.back().position;
    }
    page.hits = std::move(all.hits);
    return page;
}

// Up to one hit more than was asked for.
StoreResult<SearchReader::Scan> SearchReader::scan(
    const SearchQuery& query,
    const SearchView& view,
    const std::string& expression,
    Position before,
    std::size_t candidates_max
) {
    Scan scan;
    const auto upper = static_cast<std::int64_t>(std::min(before, newest).value());
    match_->bind_text(1, expression).bind(2, upper);
    for (std::size_t looked_at = 0;; ++looked_at) {
        if (now_() >= deadline_) {
            match_->reset();
            return failure(StoreError{StoreFault::io_failed, {}, "the search took too long"});
        }
        const auto found = match_->step();
        if (!found || !*found) {
            match_->reset();
            if (!found) return failure(found.error());
            return scan;
        }
        const std::int64_t row = match_->number(0);
        auto hit = candidate(query, view, row);
        if (!hit) {
            match_->reset();
            return failure(hit.error());
        }
        if (*hit) scan.hits.push_back(**hit);
        if (scan.hits.size() > query.limit || looked_at + 1 >= candidates_max) {
            match_->reset();
            scan.looked_down_to = Position(static_cast<std::uint64_t>(row));
            return scan;
        }
    }
}

// The message at `row` as a hit; nullopt where it is out of the query's bounds or out of sight.
StoreResult<std::optional<SearchHit>> SearchReader::candidate(
    const SearchQuery& query, const SearchView& view, std::int64_t row
) {
    using Found = std::optional<SearchHit>;
    const auto found = message_->bind(1, row).step();
    if (!found || !*found) {
        message_->reset();
        if (!found) return failure(found.error());
        return failure(StoreError{
            StoreFault::corrupt_record,
            Position(static_cast<std::uint64_t>(row)),
            "the search index has words of a message that it does not have"});
    }
    const SearchHit hit{
        .position = Position(static_cast<std::uint64_t>(row)),
        .room = id_of<RoomId>(message_->bytes(0)),
        .seq = Version(static_cast<std::uint64_t>(message_->number(1)))};
    const Timestamp sent_at(message_->number(3));
    message_->reset();
    if ((query.since && sent_at < *query.since) || (query.until && sent_at >= *query.until))
        return Found();
    if (!std::ranges::binary_search(query.rooms, hit.room)) return Found();
    const auto visible = view.may_see(hit.room, hit.seq);
    if (!visible) return failure(visible.error());
    return *visible ? Found(hit) : Found();
}

}  // namespace verbatim
