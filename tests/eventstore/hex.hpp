#pragma once

#include "eventstore/digest.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

// Bytes as people write them in tests.
namespace verbatim {

[[nodiscard]] inline std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

// Requires: pairs of hexadecimal digits; white space between them is ignored.
[[nodiscard]] inline std::string unhex(std::string_view text) {
    std::string digits;
    for (const char character : text)
        if (character != ' ' && character != '\n') digits += character;
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
}

[[nodiscard]] inline Digest digest_of_hex(std::string_view text) {
    Digest digest{};
    const std::string bytes = unhex(text);
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
    return digest;
}

}  // namespace verbatim
