#pragma once

#include "domain/type_id.hpp"
#include "protocol/problem.hpp"
#include "protocol/text_rules.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Members of a request's body taken out one by one. Each answers 422 with the member's name when it
// is not what it must be. A member that is null counts as absent, except where it says that
// something is cleared. Private to the readers of requests.
namespace verbatim {

// Null when absent.
[[nodiscard]] const nlohmann::json* member_of(const nlohmann::json& body, const char* name);
[[nodiscard]] inline bool is_present(const nlohmann::json& body, const char* name) {
    return body.find(name) != body.end();
}

// Any text, without any rule but that it is there.
[[nodiscard]] Answer<std::string> read_any_text(const nlohmann::json& body, const char* name);
[[nodiscard]] Answer<std::string> read_text(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
);
[[nodiscard]] Answer<std::optional<std::string>> read_text_if(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
);
// A username or alias, folded.
[[nodiscard]] Answer<std::string> read_name(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
);
[[nodiscard]] Answer<std::optional<std::string>> read_name_if(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
);
// A whole number within bounds, both inclusive.
[[nodiscard]] Answer<std::uint64_t> read_number(
    const nlohmann::json& body, const char* name, std::uint64_t min, std::uint64_t max
);
// An array of texts, at most `max`; empty when absent.
[[nodiscard]] Answer<std::vector<std::string_view>> read_texts(
    const nlohmann::json& body, const char* name, std::size_t max
);

// One of a closed list of words.
template <class Enum>
struct Word {
    std::string_view text;
    Enum value;
};
template <class Enum>
[[nodiscard]] Answer<std::optional<Enum>> read_word_if(
    const nlohmann::json& body, const char* name, std::span<const Word<Enum>> words
) {
    const nlohmann::json* member = member_of(body, name);
    if (member == nullptr) return std::optional<Enum>();
    std::string choices;
    for (const Word<Enum>& word : words) {
        if (member->is_string() && member->get_ref<const std::string&>() == word.text)
            return std::optional<Enum>(word.value);
        choices += (choices.empty() ? "" : ", ") + std::string(word.text);
    }
    return failure(invalid_field(name, "must be one of " + choices));
}

}  // namespace verbatim
