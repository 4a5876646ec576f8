#include "tools/log/text_pattern.hpp"

#include "domain/invariant.hpp"

#include <array>
#include <locale.h>
#include <regex.h>

namespace verbatim {

namespace {

std::string escaped(std::string_view plain) {
    std::string expression;
    for (const char c : plain) {
        if (std::string_view("\\^$.[]|()*+?{}").find(c) != std::string_view::npos)
            expression += '\\';
        expression += c;
    }
    return expression;
}

// On this thread, for a while.
class UsedLocale {
public:
    explicit UsedLocale(locale_t used) : before_(::uselocale(used)) {}
    ~UsedLocale() { ::uselocale(before_); }
    UsedLocale(const UsedLocale&) = delete;
    UsedLocale& operator=(const UsedLocale&) = delete;

private:
    locale_t before_;
};

}  // namespace

// Characters and letter case are those of UTF-8, whatever the user's locale; both compiling and
// matching ask the locale for them.
struct TextPattern::Expression {
    locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    regex_t compiled{};
    int fault = 0;

    Expression(const std::string& text, int flags) {
        invariant(utf8 != nullptr, "the C library brings C.UTF-8 with it");
        const UsedLocale used(utf8);
        fault = ::regcomp(&compiled, text.c_str(), flags);
    }
    ~Expression() {
        if (fault == 0) ::regfree(&compiled);
        ::freelocale(utf8);
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
};

Expected<TextPattern, std::string> TextPattern::make(
    const std::string& pattern, PatternKind kind, LetterCase letter_case
) {
    TextPattern made;
    made.plain_ = pattern;
    if (kind == PatternKind::plain && letter_case == LetterCase::matters) return made;
    const int flags = REG_EXTENDED | (letter_case == LetterCase::ignored ? REG_ICASE : 0);
    const auto expression = std::make_shared<Expression>(
        kind == PatternKind::plain ? escaped(pattern) : pattern, flags
    );
    if (expression->fault != 0) {
        std::array<char, 200> why{};
        ::regerror(expression->fault, &expression->compiled, why.data(), why.size());
        return failure("\"" + pattern + "\" is no regular expression: " + why.data());
    }
    made.expression_ = expression;
    return made;
}

std::optional<TextPattern::Match> TextPattern::find(std::string_view text) const {
    if (!expression_) {
        const std::size_t begin = text.find(plain_);
        if (begin == std::string_view::npos) return std::nullopt;
        return Match{begin, begin + plain_.size()};
    }
    const UsedLocale used(expression_->utf8);
    regmatch_t range{.rm_so = 0, .rm_eo = static_cast<regoff_t>(text.size())};
    if (::regexec(&expression_->compiled, text.data(), 1, &range, REG_STARTEND) != 0)
        return std::nullopt;
    return Match{static_cast<std::size_t>(range.rm_so), static_cast<std::size_t>(range.rm_eo)};
}

}  // namespace verbatim
