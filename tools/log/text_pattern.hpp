#pragma once

#include "domain/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

enum class PatternKind { plain, regular_expression };
enum class LetterCase { matters, ignored };

// What is looked for in texts: a piece of text, or a POSIX extended regular expression, as of
// `grep -E`, over UTF-8. Immutable; any thread.
class TextPattern {
public:
    // An error is a sentence for people: no regular expression.
    [[nodiscard]] static Expected<TextPattern, std::string> make(
        const std::string& pattern, PatternKind kind, LetterCase letter_case
    );

    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;  // exclusive
    };
    // The first place that matches, in bytes.
    [[nodiscard]] std::optional<Match> find(std::string_view text) const;

private:
    struct Expression;
    TextPattern() = default;

    std::string plain_;
    std::shared_ptr<const Expression> expression_;  // null: `plain_` as it is
};

}  // namespace verbatim
