#pragma once

#include "eventstore/event_record.hpp"
#include "projections/search_tokenizer.hpp"
#include "projections/sqlite.hpp"
#include "projections/view_checkpoint.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

struct IndexedMessage {
    Position position;  // of its message.sent
    RoomId room;
    Version seq;
    UserId sender;
    Timestamp sent_at;
    std::string text;

    friend bool operator==(const IndexedMessage&, const IndexedMessage&) = default;
};

// The search index's file, as its one writer sees it: the live messages with their texts, a
// contentless FTS5 table of the same, and the checkpoint. Private to the index.
//
// Changes are made between begin() and commit() and become visible, with the checkpoint, by the
// commit; after an error and after a crash none of them is there. What is deleted is overwritten
// (PRAGMA secure_delete), but words stay in the pages of FTS5 until scrub().
//
// Threads: one. Errors: those of SqliteDatabase.
class SearchStore {
public:
    // Shape of the tables and of their tokens: a file of another one is rebuilt.
    static constexpr std::uint32_t schema = 1;

    [[nodiscard]] static StoreResult<std::unique_ptr<SearchStore>> open(
        const std::filesystem::path& file
    );

    // nullopt: the file is new, or none of ours.
    [[nodiscard]] StoreResult<std::optional<ViewCheckpoint>> checkpoint();

    [[nodiscard]] StoreResult<void> begin();
    [[nodiscard]] StoreResult<void> commit(const ViewCheckpoint& checkpoint);
    void roll_back();

    // Requires: no message stands at its position.
    [[nodiscard]] StoreResult<void> put(const IndexedMessage& message);
    // nullopt: not there (never sent with a text, or deleted).
    [[nodiscard]] StoreResult<std::optional<IndexedMessage>> take(Position position);
    // Of the messages that are there; `up_to` is inclusive.
    [[nodiscard]] StoreResult<std::vector<Position>> positions_of(const UserId& sender);
    // The first message after a position; nullopt: there is none.
    [[nodiscard]] StoreResult<std::optional<IndexedMessage>> next_after(Position position);
    [[nodiscard]] StoreResult<std::vector<Position>> positions_in(
        const RoomId& room, Position up_to
    );

    // What was taken has to leave the file too: remembered, with the transaction, until scrub().
    [[nodiscard]] StoreResult<void> ask_for_scrub();
    [[nodiscard]] StoreResult<bool> needs_scrub();
    // Leaves no byte of what was deleted in the file or beside it: makes FTS5 one segment, in which
    // deleted words have no place, and empties the write-ahead log. Takes some seconds for a
    // million messages; between transactions. Searches go on meanwhile. False: one of them held up
    // the emptying for more than a second; call again.
    [[nodiscard]] StoreResult<bool> scrub();

private:
    explicit SearchStore(std::unique_ptr<SqliteDatabase> database)
        : database_(std::move(database)) {}
    [[nodiscard]] StoreResult<void> prepare();
    [[nodiscard]] StoreResult<std::vector<Position>> positions_with(
        const std::string& scope, std::int64_t up_to
    );
    [[nodiscard]] StoreResult<bool> empty_log();

    std::unique_ptr<SqliteDatabase> database_;
    std::unique_ptr<SearchTokenizer> tokenizer_;
    std::optional<SqliteStatement> put_message_;
    std::optional<SqliteStatement> put_words_;
    std::optional<SqliteStatement> find_message_;
    std::optional<SqliteStatement> find_next_;
    std::optional<SqliteStatement> remove_message_;
    std::optional<SqliteStatement> remove_words_;
    std::optional<SqliteStatement> find_scope_;
    std::optional<SqliteStatement> put_checkpoint_;
};

// Removes the file and what SQLite keeps beside it. Requires: nobody has it open.
// Errors: cannot_open.
[[nodiscard]] StoreResult<void> remove_search_file(const std::filesystem::path& file);

}  // namespace verbatim
