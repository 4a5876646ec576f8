#pragma once

#include "projections/search_tokenizer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// What somebody looks for: all of some words and phrases. White space separates words; what stands
// in double quotes is one phrase (a quote that is never closed lasts to the end); every other sign
// only separates. Words are whole words, without prefixes; a word that is several tokens (`don't`,
// 北京) is their phrase.
class SearchTerms {
public:
    // Requires: valid UTF-8. Errors: those of the tokenizer.
    [[nodiscard]] static StoreResult<SearchTerms> parse(
        std::string_view query, const SearchTokenizer& tokenizer
    );

    // Nothing but signs and spaces: nothing is found by it.
    [[nodiscard]] bool empty() const { return phrases_.empty(); }
    // As FTS5 reads it, joined by AND; nothing of the query is left outside quotes.
    [[nodiscard]] std::string expression() const;
    // Whether a text with these tokens has all of them.
    [[nodiscard]] bool match(const std::vector<std::string>& text_tokens) const;

private:
    struct Phrase {
        std::string text;
        std::vector<std::string> tokens;
    };
    std::vector<Phrase> phrases_;
};

// `tokens` of a scope as an expression: any of them. Requires: at least one.
[[nodiscard]] std::string any_of_scope(const std::vector<std::string>& tokens);

}  // namespace verbatim
