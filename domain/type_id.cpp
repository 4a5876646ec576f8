#include "domain/type_id.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace verbatim {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t suffix_characters = 26;
constexpr std::size_t prefix_characters_max = 63;
constexpr std::uint8_t no_digit = 0xff;

// 26 characters hold 130 bits: the first may only say the three that are left of 128.
constexpr char first_character_max = '7';

constexpr std::array<std::uint8_t, 256> digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t digit = 0; digit < alphabet.size(); ++digit)
        table[static_cast<unsigned char>(alphabet[digit])] = static_cast<std::uint8_t>(digit);
    return table;
}();

std::uint64_t get_big_endian(std::span<const std::uint8_t, 8> bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
    return value;
}

void put_big_endian(std::span<std::uint8_t, 8> bytes, std::uint64_t value) {
    for (std::size_t i = bytes.size(); i-- > 0; value >>= 8)
        bytes[i] = static_cast<std::uint8_t>(value & 0xff);
}

bool is_valid_prefix(std::string_view prefix) {
    if (prefix.empty()) return true;
    if (prefix.size() > prefix_characters_max) return false;
    if (prefix.front() == '_' || prefix.back() == '_') return false;
    return std::all_of(prefix.begin(), prefix.end(), [](char character) {
        return (character >= 'a' && character <= 'z') || character == '_';
    });
}

}  // namespace

std::string base32_text(const Uuid& uuid) {
    const std::span bytes(uuid.bytes);
    std::uint64_t high = get_big_endian(bytes.first<8>());
    std::uint64_t low = get_big_endian(bytes.last<8>());
    std::string text(suffix_characters, alphabet.front());
    for (std::size_t i = suffix_characters; i-- > 0;) {
        text[i] = alphabet[low & 31];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
    return text;
}

std::optional<Uuid> parse_base32(std::string_view text) {
    if (text.size() != suffix_characters || text.front() > first_character_max) return std::nullopt;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (const char character : text) {
        const std::uint8_t digit = digits[static_cast<unsigned char>(character)];
        if (digit == no_digit) return std::nullopt;
        high = high << 5 | low >> 59;
        low = low << 5 | digit;
    }
    Uuid uuid;
    const std::span bytes(uuid.bytes);
    put_big_endian(bytes.first<8>(), high);
    put_big_endian(bytes.last<8>(), low);
    return uuid;
}

std::string type_id_text(std::string_view prefix, const Uuid& uuid) {
    invariant(is_valid_prefix(prefix), "a TypeID's prefix is chosen by us, from [a-z_]");
    if (prefix.empty()) return base32_text(uuid);
    std::string text(prefix);
    text += '_';
    text += base32_text(uuid);
    return text;
}

std::optional<TypeId> parse_type_id(std::string_view text) {
    // A prefix may hold '_' itself, so the last one is the separator.
    const std::size_t separator = text.rfind('_');
    const bool has_prefix = separator != std::string_view::npos;
    const std::string_view prefix = has_prefix ? text.substr(0, separator) : std::string_view();
    if (!is_valid_prefix(prefix) || (has_prefix && prefix.empty())) return std::nullopt;
    const auto uuid = parse_base32(has_prefix ? text.substr(separator + 1) : text);
    if (!uuid) return std::nullopt;
    return TypeId{.prefix = std::string(prefix), .uuid = *uuid};
}

}  // namespace verbatim
