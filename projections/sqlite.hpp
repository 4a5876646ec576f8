#pragma once

#include "eventstore/store_error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

// As much of SQLite as the search index needs, with results instead of codes. Private to it.
namespace verbatim {

// One prepared statement. Must not outlive its database.
class SqliteStatement {
public:
    explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement, &finalize) {}

    // Parameters count from 1. Bytes must live until the next reset(): they are not copied.
    SqliteStatement& bind(int parameter, std::int64_t number);
    SqliteStatement& bind_text(int parameter, std::string_view text);
    SqliteStatement& bind_bytes(int parameter, std::string_view bytes);

    // True: a row is there to be read. After the last row, and after an error, reset() comes next.
    [[nodiscard]] StoreResult<bool> step();
    // Runs a statement that gives no rows, and resets it.
    [[nodiscard]] StoreResult<void> run();
    void reset();

    // Columns count from 0; texts and bytes live until the next step() or reset().
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string_view bytes(int column) const;

private:
    static void finalize(sqlite3_stmt* statement);
    std::unique_ptr<sqlite3_stmt, void (*)(sqlite3_stmt*)> statement_;
};

// One connection to one file in WAL mode. One thread at a time.
//
// Errors of all that returns StoreResult: corrupt_record (the file is no database, or damaged),
// disk_full, cannot_open, io_failed (also when it was interrupted).
class SqliteDatabase {
public:
    enum class Access { write, read };  // write: makes the file where there is none

    [[nodiscard]] static StoreResult<std::unique_ptr<SqliteDatabase>> open(
        const std::filesystem::path& file, Access access
    );
    ~SqliteDatabase();
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    // One or more statements; their rows are dropped.
    [[nodiscard]] StoreResult<void> run(const std::string& sql);
    [[nodiscard]] StoreResult<SqliteStatement> prepare(std::string_view sql);
    // Asked about every millisecond while something runs; what runs fails once it says true.
    void interrupt_when(std::function<bool()> is_enough);

    [[nodiscard]] sqlite3* handle() const { return handle_; }

private:
    explicit SqliteDatabase(sqlite3* handle) : handle_(handle) {}

    sqlite3* handle_;
    std::function<bool()> is_enough_;
};

// What SQLite last said about `handle`; `code` is its result code.
[[nodiscard]] StoreError sqlite_error(int code, sqlite3* handle);

}  // namespace verbatim
