#include "projections/sqlite.hpp"

#include <sqlite3.h>
#include <utility>

namespace verbatim {
namespace {

// Some hundred microseconds of work: FTS5 reads each of its pages by a statement of three.
constexpr int operations_between_questions = 500;
constexpr int busy_patience_ms = 1'000;

StoreFault fault_of(int code) {
    switch (code & 0xff) {  // the low byte is the primary result code
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT: return StoreFault::corrupt_record;
        case SQLITE_FULL: return StoreFault::disk_full;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY: return StoreFault::cannot_open;
        default: return StoreFault::io_failed;
    }
}

}  // namespace

StoreError sqlite_error(int code, sqlite3* handle) {
    std::string detail = "sqlite: ";
    detail += handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
    return {.fault = fault_of(code), .position = {}, .detail = std::move(detail)};
}

void SqliteStatement::finalize(sqlite3_stmt* statement) {
    sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t number) {
    sqlite3_bind_int64(statement_.get(), parameter, number);
    return *this;
}

SqliteStatement& SqliteStatement::bind_text(int parameter, std::string_view text) {
    sqlite3_bind_text64(
        statement_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8
    );
    return *this;
}

SqliteStatement& SqliteStatement::bind_bytes(int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
}

StoreResult<bool> SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failure(sqlite_error(code, sqlite3_db_handle(statement_.get())));
}

StoreResult<void> SqliteStatement::run() {
    const auto stepped = step();
    reset();
    if (!stepped) return failure(stepped.error());
    return {};
}

void SqliteStatement::reset() {
    sqlite3_reset(statement_.get());
}

std::int64_t SqliteStatement::number(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::bytes(int column) const {
    const auto* const data =
        static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

StoreResult<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(
    const std::filesystem::path& file, Access access
) {
    const int flags =
        SQLITE_OPEN_NOMUTEX | (access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                       : SQLITE_OPEN_READONLY);
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(handle));
    if (code != SQLITE_OK) return failure(sqlite_error(code, handle));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_patience_ms);
    return database;
}

SqliteDatabase::~SqliteDatabase() {
    sqlite3_close_v2(handle_);
}

StoreResult<void> SqliteDatabase::run(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(sqlite_error(code, handle_));
    return {};
}

StoreResult<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(
        handle_,
        sql.data(),
        static_cast<int>(sql.size()),
        SQLITE_PREPARE_PERSISTENT,
        &statement,
        nullptr
    );
    if (code != SQLITE_OK) return failure(sqlite_error(code, handle_));
    return SqliteStatement(statement);
}

void SqliteDatabase::interrupt_when(std::function<bool()> is_enough) {
    is_enough_ = std::move(is_enough);
    sqlite3_progress_handler(
        handle_,
        operations_between_questions,
        [](void* self) { return static_cast<SqliteDatabase*>(self)->is_enough_() ? 1 : 0; },
        this
    );
}

}  // namespace verbatim
