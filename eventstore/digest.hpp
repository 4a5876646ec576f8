#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace verbatim {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 (FIPS 180-4) of the concatenation of `parts`. Any thread; no state is kept but a
// thread-local context.
[[nodiscard]] Digest sha256(std::initializer_list<std::string_view> parts);

// CRC-32C (Castagnoli, RFC 3720 B.4), with the processor's instruction where it has one.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);
// The same for processors without the instruction.
[[nodiscard]] std::uint32_t crc32c_by_table(std::string_view bytes);

// Lower-case hexadecimal, and back; nullopt unless it is 64 digits of that.
[[nodiscard]] std::string hex_text(const Digest& digest);
[[nodiscard]] std::optional<Digest> parse_hex(std::string_view text);

[[nodiscard]] inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace verbatim
