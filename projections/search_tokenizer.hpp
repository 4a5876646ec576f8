#pragma once

#include "projections/sqlite.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What a text's words are, to the search index and to those who search: SQLite's unicode61 without
// diacritics (folded, letters and numbers only), except that every character of a script that
// writes no spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Myanmar) and every
// emoji is a token of its own. A word of such characters is found as the phrase of them.
namespace verbatim {

// Whether the character stands for itself.
[[nodiscard]] bool is_token_alone(char32_t character);

// A document is its scope (tokens that no text contains: room, sender, time), then its text. The
// scope begins with this byte and is separated by spaces; in an expression the byte makes a scope
// token of what follows it.
inline constexpr char scope_begin = '\x01';
inline constexpr char scope_end = '\x02';

// The tokenizer `verbatim` of one connection's FTS5 tables.
// Lifetime: must not outlive its database. Threads: the connection's.
class SearchTokenizer {
public:
    // Makes the tokenizer known to the connection: before its tables are made or used.
    // Errors: io_failed (an SQLite without FTS5).
    [[nodiscard]] static StoreResult<std::unique_ptr<SearchTokenizer>> install(
        SqliteDatabase& database
    );
    ~SearchTokenizer();

    // In order, as they are indexed.
    [[nodiscard]] StoreResult<std::vector<std::string>> tokens_of(std::string_view text) const;

private:
    struct Unicode61;
    explicit SearchTokenizer(std::unique_ptr<Unicode61> words);
    std::unique_ptr<Unicode61> words_;
};

}  // namespace verbatim
