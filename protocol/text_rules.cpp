#include "protocol/text_rules.hpp"

#include "protocol/request_json.hpp"

#include <algorithm>
#include <utf8.h>

namespace verbatim {
namespace {

std::string out_of_bounds(const CharacterBounds& bounds) {
    if (bounds.min == 0) return "must have at most " + std::to_string(bounds.max) + " characters";
    return "must have " + std::to_string(bounds.min) + " to " + std::to_string(bounds.max) +
           " characters";
}

// Cc: U+0000 to U+001F, U+007F, and U+0080 to U+009F, which UTF-8 writes as C2 80 to C2 9F.
bool has_refused_control(std::string_view text) {
    unsigned char previous = 0;
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 && byte != '\n' && byte != '\t') return true;
        if (byte == 0x7f) return true;
        if (previous == 0xc2 && byte < 0xa0) return true;
        previous = byte;
    }
    return false;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    return utf8::is_valid(text.begin(), text.end());
}

std::size_t count_code_points(std::string_view valid_utf8) {
    // Each code point has exactly one byte that is no continuation.
    return static_cast<std::size_t>(std::ranges::count_if(valid_utf8, [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    }));
}

std::optional<std::string> fault_in_length(std::string_view text, const CharacterBounds& bounds) {
    const std::size_t characters = count_code_points(text);
    if (characters < bounds.min || characters > bounds.max) return out_of_bounds(bounds);
    return std::nullopt;
}

std::optional<std::string> fault_in_text(std::string_view text, const CharacterBounds& bounds) {
    if (auto fault = fault_in_length(text, bounds)) return fault;
    if (has_refused_control(text))
        return "must not contain control characters other than newline and tab";
    return std::nullopt;
}

std::optional<std::string> fault_in_name(std::string_view folded, const CharacterBounds& bounds) {
    if (!std::ranges::all_of(folded, is_name_character))
        return "must consist of letters a to z, digits, '.', '_' and '-'";
    if (folded.size() < bounds.min || folded.size() > bounds.max) return out_of_bounds(bounds);
    return std::nullopt;
}

std::string fold_username(std::string_view username) {
    return folded(username);
}

std::string folded(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

}  // namespace verbatim
