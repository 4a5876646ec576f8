#pragma once

#include "domain/limits.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// What texts, usernames and aliases may look like. The readers of requests add the member's name to
// what is said here.
namespace verbatim {

// How many code points; inclusive.
struct CharacterBounds {
    std::size_t min = 1;
    std::size_t max = 0;
};

// Why `text` is refused, for people, or nullopt. Requires: valid UTF-8.
[[nodiscard]] std::optional<std::string> fault_in_length(
    std::string_view text, const CharacterBounds& bounds
);
// The same; control characters (Unicode's Cc) but newline and tab are refused too.
[[nodiscard]] std::optional<std::string> fault_in_text(
    std::string_view text, const CharacterBounds& bounds
);
// Usernames and aliases: folded, of [a-z0-9._-].
[[nodiscard]] std::optional<std::string> fault_in_name(
    std::string_view folded, const CharacterBounds& bounds
);

// ASCII letters to lower case; nothing else changes.
[[nodiscard]] std::string folded(std::string_view text);
// One of [a-z0-9._-], the alphabet of folded names.
[[nodiscard]] constexpr bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

inline constexpr CharacterBounds username_bounds{
    limits::username_characters_min, limits::username_characters_max};
inline constexpr CharacterBounds password_bounds{
    limits::password_characters_min, limits::password_characters_max};

}  // namespace verbatim
