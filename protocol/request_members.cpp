#include "protocol/request_members.hpp"

#include "protocol/request_json.hpp"

#include <limits>

namespace verbatim {
namespace {

Problem missing(const char* name) {
    return invalid_field(name, "is missing");
}

// The bracket at which a text would be nested too deeply, before anything is built. Right for
// whatever is JSON; the parser refuses the rest.
bool is_nested_too_deeply(std::string_view body) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < body.size(); ++i) {
        const char c = body[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limits::json_nesting_max) return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

using FaultIn = std::optional<std::string> (*)(std::string_view, const CharacterBounds&);

Answer<std::string> checked(
    std::string text, const char* name, FaultIn fault_in, const CharacterBounds& bounds
) {
    if (auto fault = fault_in(text, bounds)) return failure(invalid_field(name, *std::move(fault)));
    return text;
}

// Turns the absence of a member into an answer.
template <class Read>
Answer<std::optional<std::string>> if_present(
    const nlohmann::json& body, const char* name, Read read
) {
    if (member_of(body, name) == nullptr) return std::optional<std::string>();
    Answer<std::string> text = read();
    if (!text) return failure(std::move(text).error());
    return std::optional<std::string>(*std::move(text));
}

}  // namespace

Answer<nlohmann::json> parse_object(std::string_view body) {
    if (body.empty()) return nlohmann::json(nlohmann::json::value_t::object);
    if (is_nested_too_deeply(body))
        return failure(not_json(
            "the body is nested more than " + std::to_string(limits::json_nesting_max) +
            " levels deep"
        ));
    constexpr bool throws = false;
    nlohmann::json parsed = nlohmann::json::parse(body, nullptr, throws);
    if (parsed.is_discarded()) return failure(not_json("the body is not JSON in UTF-8"));
    if (!parsed.is_object()) return failure(not_json("the body must be a JSON object"));
    return parsed;
}

const nlohmann::json* member_of(const nlohmann::json& body, const char* name) {
    const auto member = body.find(name);
    if (member == body.end() || member->is_null()) return nullptr;
    return &*member;
}

Answer<std::string> read_any_text(const nlohmann::json& body, const char* name) {
    const nlohmann::json* member = member_of(body, name);
    if (member == nullptr) return failure(missing(name));
    if (!member->is_string()) return failure(invalid_field(name, "must be a string"));
    return member->get_ref<const std::string&>();
}

Answer<std::string> read_text(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
) {
    Answer<std::string> text = read_any_text(body, name);
    if (!text) return text;
    return checked(*std::move(text), name, fault_in_text, bounds);
}

Answer<std::optional<std::string>> read_text_if(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
) {
    return if_present(body, name, [&] { return read_text(body, name, bounds); });
}

Answer<std::string> read_name(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
) {
    Answer<std::string> text = read_any_text(body, name);
    if (!text) return text;
    return checked(folded(*text), name, fault_in_name, bounds);
}

Answer<std::optional<std::string>> read_name_if(
    const nlohmann::json& body, const char* name, const CharacterBounds& bounds
) {
    return if_present(body, name, [&] { return read_name(body, name, bounds); });
}

Answer<std::uint64_t> read_number(
    const nlohmann::json& body, const char* name, std::uint64_t min, std::uint64_t max
) {
    const nlohmann::json* member = member_of(body, name);
    if (member == nullptr) return failure(missing(name));
    // 1.0 is no whole number: whoever writes it may mean 1.1 next time.
    const bool is_whole = member->is_number_unsigned() ||
                          (member->is_number_integer() && member->get<std::int64_t>() >= 0);
    const std::uint64_t number = is_whole ? member->get<std::uint64_t>() : 0;
    if (is_whole && number >= min && number <= max) return number;
    std::string detail = "must be a whole number of at least " + std::to_string(min);
    if (max != std::numeric_limits<std::uint64_t>::max())
        detail += " and at most " + std::to_string(max);
    return failure(invalid_field(name, std::move(detail)));
}

Answer<std::vector<std::string_view>> read_texts(
    const nlohmann::json& body, const char* name, std::size_t max
) {
    std::vector<std::string_view> texts;
    const nlohmann::json* member = member_of(body, name);
    if (member == nullptr) return texts;
    if (!member->is_array()) return failure(invalid_field(name, "must be an array"));
    if (member->size() > max)
        return failure(invalid_field(name, "must have at most " + std::to_string(max) + " elements")
        );
    for (const nlohmann::json& element : *member) {
        if (!element.is_string()) return failure(invalid_field(name, "must hold strings only"));
        texts.push_back(element.get_ref<const std::string&>());
    }
    return texts;
}

}  // namespace verbatim
