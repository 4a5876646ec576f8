#include "projections/search_terms.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

void replace_by_space(std::string& text, std::string_view what) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
        text.replace(at, what.size(), 1, ' ');
}

// Control characters would end a text (NUL) or begin a scope. The two other spaces are what East
// Asian keyboards write between words, and what browsers paste.
std::string with_plain_spaces(std::string_view query) {
    std::string clean(query);
    for (char& c : clean)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    replace_by_space(clean, "\u3000");
    replace_by_space(clean, "\u00a0");
    return clean;
}

// Words, and what stands between quotes, without the quotes.
std::vector<std::string> pieces_of(std::string_view query) {
    std::vector<std::string> pieces;
    while (!query.empty()) {
        const bool is_quoted = query.front() == '"';
        if (is_quoted) query.remove_prefix(1);
        const auto end =
            std::min(is_quoted ? query.find('"') : query.find_first_of(" \""), query.size());
        if (end > 0) pieces.emplace_back(query.substr(0, end));
        query.remove_prefix(end);
        const bool has_separator = !query.empty() && (is_quoted || query.front() == ' ');
        if (has_separator) query.remove_prefix(1);
    }
    return pieces;
}

}  // namespace

StoreResult<SearchTerms> SearchTerms::parse(
    std::string_view query, const SearchTokenizer& tokenizer
) {
    SearchTerms terms;
    for (std::string& piece : pieces_of(with_plain_spaces(query))) {
        auto tokens = tokenizer.tokens_of(piece);
        if (!tokens) return failure(tokens.error());
        if (!tokens->empty()) terms.phrases_.push_back({std::move(piece), *std::move(tokens)});
    }
    return terms;
}

std::string SearchTerms::expression() const {
    std::string expression;
    for (const Phrase& phrase : phrases_) {
        if (!expression.empty()) expression += " AND ";
        expression += '"';
        expression += phrase.text;
        expression += '"';
    }
    return expression;
}

bool SearchTerms::match(const std::vector<std::string>& text_tokens) const {
    return std::ranges::all_of(phrases_, [&](const Phrase& phrase) {
        const auto found = std::search(
            text_tokens.begin(), text_tokens.end(), phrase.tokens.begin(), phrase.tokens.end()
        );
        return found != text_tokens.end();
    });
}

std::string any_of_scope(const std::vector<std::string>& tokens) {
    std::string expression = "(";
    for (const std::string& token : tokens) {
        if (expression.size() > 1) expression += " OR ";
        expression += '"';
        expression += scope_begin;
        expression += token;
        expression += '"';
    }
    return expression + ")";
}

}  // namespace verbatim
