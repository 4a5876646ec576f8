#pragma once

#include "domain/ids.hpp"
#include "eventstore/digest.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

// Internal to the eventstore: bytes of records and deliveries, integers most significant byte
// first.
namespace verbatim {

class ByteWriter {
public:
    explicit ByteWriter(std::size_t expected_bytes) { bytes_.reserve(expected_bytes); }

    template <std::unsigned_integral Number>
    void number(Number value) {
        std::array<char, sizeof(Number)> bytes{};
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<char>(value >> 8 * (bytes.size() - 1 - i) & 0xff);
        bytes_.append(bytes.data(), bytes.size());
    }
    void id(const Uuid& uuid) { bytes_ += as_text(uuid.bytes); }
    void time(Timestamp at) { number(static_cast<std::uint64_t>(at.microseconds())); }
    void raw(std::string_view bytes) { bytes_ += bytes; }

    [[nodiscard]] std::string_view written() const { return bytes_; }
    // What was written, followed by its CRC-32C.
    [[nodiscard]] std::string with_checksum() && {
        number(crc32c(bytes_));
        return std::move(bytes_);
    }

private:
    std::string bytes_;
};

// Reads from the front. Once anything was missing, every further read gives zeros and ok() is
// false.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : left_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view left() const { return left_; }

    std::string_view raw(std::size_t size) {
        if (size > left_.size()) {
            ok_ = false;
            left_ = {};
            return {};
        }
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }
    template <std::unsigned_integral Number>
    Number number() {
        std::uint64_t value = 0;
        for (const char byte : raw(sizeof(Number)))
            value = value << 8 | static_cast<unsigned char>(byte);
        return static_cast<Number>(value);
    }
    template <std::size_t Size>
    std::array<std::uint8_t, Size> array() {
        std::array<std::uint8_t, Size> bytes{};
        std::ranges::copy(raw(Size), bytes.begin());
        return bytes;
    }
    Uuid id() { return {array<16>()}; }
    Timestamp time() { return Timestamp(static_cast<std::int64_t>(number<std::uint64_t>())); }

private:
    std::string_view left_;
    bool ok_ = true;
};

}  // namespace verbatim
