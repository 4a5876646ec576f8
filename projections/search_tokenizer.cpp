#include "projections/search_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <utility>

namespace verbatim {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Blocks of Unicode 15 in order, without their punctuation.
constexpr auto standing_alone = std::to_array<Range>({
    {0x0e01, 0x0e3a},    // Thai
    {0x0e40, 0x0e4e},    //
    {0x0e50, 0x0e59},    //
    {0x0e81, 0x0eff},    // Lao
    {0x1000, 0x1049},    // Myanmar
    {0x1050, 0x109f},    //
    {0x1100, 0x11ff},    // Hangul Jamo
    {0x1780, 0x17d3},    // Khmer
    {0x17e0, 0x17e9},    //
    {0x2600, 0x27bf},    // Miscellaneous Symbols, Dingbats
    {0x2b1b, 0x2b55},    // the squares, star and circle among the emoji
    {0x2e80, 0x2fdf},    // CJK and Kangxi Radicals
    {0x3005, 0x3007},    // iteration mark, closing mark, ideographic zero
    {0x3021, 0x3029},    // Hangzhou numerals
    {0x3031, 0x3035},    // kana repeat marks
    {0x3038, 0x303c},    //
    {0x3041, 0x309f},    // Hiragana
    {0x30a1, 0x30fa},    // Katakana
    {0x30fc, 0x30ff},    //
    {0x3105, 0x31bf},    // Bopomofo, Hangul Compatibility Jamo
    {0x31f0, 0x31ff},    // Katakana Phonetic Extensions
    {0x3400, 0x4dbf},    // CJK Extension A
    {0x4e00, 0x9fff},    // CJK
    {0xa960, 0xa97f},    // Hangul Jamo Extended
    {0xac00, 0xd7ff},    // Hangul Syllables
    {0xf900, 0xfaff},    // CJK Compatibility Ideographs
    {0xff66, 0xffdc},    // half-width Katakana and Hangul
    {0x1aff0, 0x1b16f},  // Kana Supplement and Extensions
    {0x1f000, 0x1faff},  // emoji and pictographs
    {0x20000, 0x3fffd},  // CJK Extensions B and later
});

// The character at `at`, and how many bytes it takes; one byte that is none of UTF-8 is itself.
struct Character {
    char32_t value;
    int bytes;
};
Character character_at(const char* at, const char* end) {
    const auto byte = [](char c) { return static_cast<unsigned char>(c); };
    const unsigned char lead = byte(*at);
    const int bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (bytes == 1 || end - at < bytes) return {lead, 1};
    char32_t value = lead & (0xff >> (bytes + 1));
    for (int i = 1; i < bytes; ++i) value = value << 6 | (byte(at[i]) & 0x3f);
    return {value, bytes};
}

using TokenSink = int (*)(void*, int, const char*, int, int, int);

// Passes the tokens of a piece on, with their places in the whole text.
struct PieceSink {
    void* context;
    TokenSink sink;
    int begin;

    static int take(void* self, int flags, const char* token, int size, int from, int to) {
        const auto& piece = *static_cast<const PieceSink*>(self);
        return piece.sink(piece.context, flags, token, size, piece.begin + from, piece.begin + to);
    }
};

}  // namespace

bool is_token_alone(char32_t character) {
    const auto* const range =
        std::ranges::upper_bound(standing_alone, character, {}, &Range::first);
    return range != standing_alone.begin() && character <= std::prev(range)->last;
}

// SQLite's own tokenizer, and how it is made use of. Also the instance that FTS5 holds.
struct SearchTokenizer::Unicode61 {
    fts5_tokenizer calls{};
    Fts5Tokenizer* instance = nullptr;

    static int make(fts5_api* api, std::unique_ptr<Unicode61>& made) {
        auto words = std::make_unique<Unicode61>();
        void* context = nullptr;
        int code = api->xFindTokenizer(api, "unicode61", &context, &words->calls);
        if (code != SQLITE_OK) return code;
        std::array<const char*, 2> options{"remove_diacritics", "2"};
        code = words->calls.xCreate(context, options.data(), 2, &words->instance);
        if (code == SQLITE_OK) made = std::move(words);
        return code;
    }
    ~Unicode61() {
        if (instance != nullptr) calls.xDelete(instance);
    }
    Unicode61() = default;
    Unicode61(const Unicode61&) = delete;
    Unicode61& operator=(const Unicode61&) = delete;

    int piece(int begin, int end, const char* text, int flags, void* context, TokenSink sink)
        const {
        if (begin == end) return SQLITE_OK;
        PieceSink piece{context, sink, begin};
        return calls.xTokenize(
            instance, &piece, flags, text + begin, end - begin, &PieceSink::take
        );
    }

    // The scope's tokens; where it ends.
    static int scope(const char* text, int size, void* context, TokenSink sink, int& end) {
        int begin = 1;
        for (int at = 1;; ++at) {
            const bool is_end = at == size || text[at] == scope_end;
            if (!is_end && text[at] != ' ') continue;
            if (at > begin) {
                const int code = sink(context, 0, text + begin, at - begin, begin, at);
                if (code != SQLITE_OK) return code;
            }
            begin = at + 1;
            end = std::min(at + 1, size);
            if (is_end) return SQLITE_OK;
        }
    }

    int tokenize(const char* text, int size, int flags, void* context, TokenSink sink) const {
        int begin = 0;
        if (size > 0 && text[0] == scope_begin) {
            const int code = scope(text, size, context, sink, begin);
            if (code != SQLITE_OK) return code;
        }
        for (int at = begin; at < size;) {
            if (static_cast<unsigned char>(text[at]) < 0x80) {
                ++at;
                continue;
            }
            const Character character = character_at(text + at, text + size);
            const int next = at + character.bytes;
            if (is_token_alone(character.value)) {
                int code = piece(begin, at, text, flags, context, sink);
                if (code == SQLITE_OK)
                    code = sink(context, 0, text + at, character.bytes, at, next);
                if (code != SQLITE_OK) return code;
                begin = next;
            }
            at = next;
        }
        return piece(begin, size, text, flags, context, sink);
    }

    // What FTS5 calls.
    static int create(void* api, const char** /*options*/, int /*count*/, Fts5Tokenizer** out) {
        std::unique_ptr<Unicode61> made;
        const int code = make(static_cast<fts5_api*>(api), made);
        if (code == SQLITE_OK) *out = reinterpret_cast<Fts5Tokenizer*>(made.release());
        return code;
    }
    static void destroy(Fts5Tokenizer* self) {
        const std::unique_ptr<Unicode61> owned(reinterpret_cast<Unicode61*>(self));
    }
    static int call(
        Fts5Tokenizer* self, void* context, int flags, const char* text, int size, TokenSink sink
    ) {
        return reinterpret_cast<Unicode61*>(self)->tokenize(text, size, flags, context, sink);
    }
};

SearchTokenizer::SearchTokenizer(std::unique_ptr<Unicode61> words) : words_(std::move(words)) {}
SearchTokenizer::~SearchTokenizer() = default;

StoreResult<std::unique_ptr<SearchTokenizer>> SearchTokenizer::install(SqliteDatabase& database) {
    sqlite3* const handle = database.handle();
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr);
    if (code != SQLITE_OK) return failure(sqlite_error(code, handle));
    SqliteStatement asking(statement);
    fts5_api* api = nullptr;
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    const auto asked = asking.step();
    if (!asked) return failure(asked.error());

    fts5_tokenizer calls{&Unicode61::create, &Unicode61::destroy, &Unicode61::call};
    code = api == nullptr ? SQLITE_ERROR
                          : api->xCreateTokenizer(api, "verbatim", api, &calls, nullptr);
    std::unique_ptr<Unicode61> words;
    if (code == SQLITE_OK) code = Unicode61::make(api, words);
    if (code != SQLITE_OK) return failure(sqlite_error(code, nullptr));
    return std::unique_ptr<SearchTokenizer>(new SearchTokenizer(std::move(words)));
}

StoreResult<std::vector<std::string>> SearchTokenizer::tokens_of(std::string_view text) const {
    std::vector<std::string> tokens;
    const auto keep = [](void* list, int flags, const char* token, int size, int, int) {
        // A second form of the token before it; unicode61 makes none.
        if ((flags & FTS5_TOKEN_COLOCATED) == 0)
            static_cast<std::vector<std::string>*>(list)->emplace_back(
                token, static_cast<std::size_t>(size)
            );
        return SQLITE_OK;
    };
    const int code = words_->tokenize(
        text.data(), static_cast<int>(text.size()), FTS5_TOKENIZE_DOCUMENT, &tokens, keep
    );
    if (code != SQLITE_OK) return failure(sqlite_error(code, nullptr));
    return tokens;
}

}  // namespace verbatim
