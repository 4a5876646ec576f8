#include "projections/search_store.hpp"

#include "eventstore/digest.hpp"
#include "projections/search_scope.hpp"
#include "projections/search_terms.hpp"

#include <array>
#include <limits>
#include <system_error>
#include <utility>

namespace verbatim {
namespace {

// The page size is set before the file has any. FTS5 keeps new words in memory up to `hashsize` and
// then writes a segment; bigger ones are fewer to merge. Terms without positions would be a quarter
// smaller, but could not be found as phrases.
constexpr const char* settings = R"(
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = ON;
    PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 2000;
    PRAGMA temp_store = MEMORY;
)";

// The rowid of both is the position. `text` comes last, so that reading the rest of a long one
// touches no overflow page; it is there because FTS5 must be told what it forgets.
constexpr const char* tables = R"(
    CREATE TABLE IF NOT EXISTS checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), row BLOB);
    CREATE TABLE IF NOT EXISTS messages (
        position INTEGER PRIMARY KEY, room BLOB, seq INTEGER, sender BLOB, sent_at INTEGER,
        text TEXT);
    CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
        document, content='', columnsize=0, tokenize='verbatim');
    INSERT INTO words(words, rank) VALUES ('hashsize', 16777216);
)";

std::string_view as_bytes(const Uuid& uuid) {
    return as_text(uuid.bytes);
}
template <class Id>
Id id_of(std::string_view bytes) {
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size() && i < bytes.size(); ++i)
        uuid.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
    return Id(uuid);
}
std::int64_t sql(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}

// What FTS5 is told of a message, the same when it forgets it.
std::string document_of(const IndexedMessage& message) {
    std::string document(1, scope_begin);
    document += scope_token(message.room);
    document += ' ';
    document += scope_token(message.sender);
    for (const std::string& token : time_tokens(message.sent_at)) {
        document += ' ';
        document += token;
    }
    document += scope_end;
    document += message.text;
    return document;
}

// Of a row that begins with room, seq, sender, sent_at, text.
IndexedMessage message_of(const SqliteStatement& row, Position position) {
    return {
        .position = position,
        .room = id_of<RoomId>(row.bytes(0)),
        .seq = Version(static_cast<std::uint64_t>(row.number(1))),
        .sender = id_of<UserId>(row.bytes(2)),
        .sent_at = Timestamp(row.number(3)),
        .text = std::string(row.bytes(4))};
}

}  // namespace

StoreResult<std::unique_ptr<SearchStore>> SearchStore::open(const std::filesystem::path& file) {
    auto database = SqliteDatabase::open(file, SqliteDatabase::Access::write);
    if (!database) return failure(database.error());
    std::unique_ptr<SearchStore> store(new SearchStore(std::move(*database)));
    auto tokenizer = SearchTokenizer::install(*store->database_);
    if (!tokenizer) return failure(tokenizer.error());
    store->tokenizer_ = std::move(*tokenizer);
    auto done = store->database_->run(settings);
    if (done) done = store->database_->run(tables);
    if (done) done = store->prepare();
    if (!done) return failure(done.error());
    return store;
}

StoreResult<void> SearchStore::prepare() {
    const std::pair<std::optional<SqliteStatement>*, std::string_view> statements[] = {
        {&put_message_,
         "INSERT INTO messages(position, room, seq, sender, sent_at, text)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
        {&put_words_, "INSERT INTO words(rowid, document) VALUES (?1, ?2)"},
        {&find_message_,
         "SELECT room, seq, sender, sent_at, text FROM messages WHERE position = ?1"},
        {&find_next_,
         "SELECT room, seq, sender, sent_at, text, position FROM messages"
         " WHERE position > ?1 ORDER BY position LIMIT 1"},
        {&remove_message_, "DELETE FROM messages WHERE position = ?1"},
        {&remove_words_, "INSERT INTO words(words, rowid, document) VALUES ('delete', ?1, ?2)"},
        {&find_scope_,
         "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid <= ?2 ORDER BY rowid"},
        {&put_checkpoint_, "INSERT OR REPLACE INTO checkpoint(id, row) VALUES (1, ?1)"},
    };
    for (const auto& [statement, text] : statements) {
        auto prepared = database_->prepare(text);
        if (!prepared) return failure(prepared.error());
        statement->emplace(std::move(*prepared));
    }
    return {};
}

StoreResult<std::optional<ViewCheckpoint>> SearchStore::checkpoint() {
    auto statement = database_->prepare("SELECT row FROM checkpoint");
    if (!statement) return failure(statement.error());
    const auto found = statement->step();
    if (!found) return failure(found.error());
    if (!*found) return std::optional<ViewCheckpoint>();
    return parse_checkpoint(statement->bytes(0));
}

StoreResult<void> SearchStore::begin() {
    return database_->run("BEGIN IMMEDIATE");
}

StoreResult<void> SearchStore::commit(const ViewCheckpoint& checkpoint) {
    const std::string row = checkpoint_row(checkpoint);
    auto put = put_checkpoint_->bind_bytes(1, row).run();
    if (!put) return put;
    return database_->run("COMMIT");
}

void SearchStore::roll_back() {
    // Fails where the error has already ended the transaction, which is what is wanted.
    static_cast<void>(database_->run("ROLLBACK"));
}

StoreResult<void> SearchStore::put(const IndexedMessage& message) {
    const std::int64_t position = sql(message.position.value());
    auto done = put_message_->bind(1, position)
                    .bind_bytes(2, as_bytes(message.room.value()))
                    .bind(3, sql(message.seq.value()))
                    .bind_bytes(4, as_bytes(message.sender.value()))
                    .bind(5, message.sent_at.microseconds())
                    .bind_text(6, message.text)
                    .run();
    if (!done) return done;
    const std::string document = document_of(message);
    return put_words_->bind(1, position).bind_text(2, document).run();
}

StoreResult<std::optional<IndexedMessage>> SearchStore::take(Position position) {
    using Taken = std::optional<IndexedMessage>;
    const std::int64_t row = sql(position.value());
    const auto found = find_message_->bind(1, row).step();
    if (!found || !*found) {
        find_message_->reset();
        if (!found) return failure(found.error());
        return Taken();
    }
    const IndexedMessage message = message_of(*find_message_, position);
    find_message_->reset();
    const std::string document = document_of(message);
    auto done = remove_words_->bind(1, row).bind_text(2, document).run();
    if (done) done = remove_message_->bind(1, row).run();
    if (!done) return failure(done.error());
    return Taken(message);
}

StoreResult<std::optional<IndexedMessage>> SearchStore::next_after(Position position) {
    const auto found = find_next_->bind(1, sql(position.value())).step();
    std::optional<IndexedMessage> message;
    if (found && *found) {
        const Position at(static_cast<std::uint64_t>(find_next_->number(5)));
        message = message_of(*find_next_, at);
    }
    find_next_->reset();
    if (!found) return failure(found.error());
    return message;
}

StoreResult<std::vector<Position>> SearchStore::positions_of(const UserId& sender) {
    return positions_with(scope_token(sender), std::numeric_limits<std::int64_t>::max());
}

StoreResult<std::vector<Position>> SearchStore::positions_in(const RoomId& room, Position up_to) {
    return positions_with(scope_token(room), sql(up_to.value()));
}

StoreResult<std::vector<Position>> SearchStore::positions_with(
    const std::string& scope, std::int64_t up_to
) {
    const std::string expression = any_of_scope({scope});
    find_scope_->bind_text(1, expression).bind(2, up_to);
    std::vector<Position> positions;
    while (true) {
        const auto found = find_scope_->step();
        if (found && *found) {
            positions.emplace_back(static_cast<std::uint64_t>(find_scope_->number(0)));
            continue;
        }
        find_scope_->reset();
        if (!found) return failure(found.error());
        return positions;
    }
}

// In the file's header: part of the transaction, and still there after a crash.
StoreResult<void> SearchStore::ask_for_scrub() {
    return database_->run("PRAGMA user_version = 1");
}

StoreResult<bool> SearchStore::needs_scrub() {
    auto statement = database_->prepare("PRAGMA user_version");
    if (!statement) return failure(statement.error());
    const auto found = statement->step();
    if (!found) return failure(found.error());
    return statement->number(0) != 0;
}

StoreResult<bool> SearchStore::scrub() {
    auto done = database_->run("INSERT INTO words(words) VALUES ('optimize')");
    if (!done) return failure(done.error());
    auto is_empty = empty_log();
    if (!is_empty || !*is_empty) return is_empty;
    done = database_->run("PRAGMA user_version = 0");
    if (!done) return failure(done.error());
    return true;
}

StoreResult<bool> SearchStore::empty_log() {
    auto statement = database_->prepare("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!statement) return failure(statement.error());
    const auto row = statement->step();
    if (!row) return failure(row.error());
    return statement->number(0) == 0;  // 1: busy
}

StoreResult<void> remove_search_file(const std::filesystem::path& file) {
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        const std::string path = file.string() + suffix;
        std::error_code fault;
        std::filesystem::remove(path, fault);
        if (fault)
            return failure(StoreError{
                .fault = StoreFault::cannot_open,
                .position = {},
                .detail = "cannot remove " + path + ": " + fault.message()});
    }
    return {};
}

}  // namespace verbatim
