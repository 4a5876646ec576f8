#include "protocol/image_size.hpp"

namespace verbatim {
namespace {

using Size = std::optional<ImageSize>;

// Reads numbers at places that may lie beyond the end: those read as 0, and is_whole() says so.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::uint32_t u8(std::size_t at) {
        if (at < bytes_.size()) return static_cast<std::uint8_t>(bytes_[at]);
        is_whole_ = false;
        return 0;
    }
    [[nodiscard]] std::uint32_t little(std::size_t at, std::size_t width) {
        std::uint32_t value = 0;
        for (std::size_t i = width; i-- > 0;) value = value << 8 | u8(at + i);
        return value;
    }
    [[nodiscard]] std::uint32_t big(std::size_t at, std::size_t width) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < width; ++i) value = value << 8 | u8(at + i);
        return value;
    }
    [[nodiscard]] bool has(std::size_t at, std::string_view text) const {
        return at <= bytes_.size() && bytes_.substr(at).starts_with(text);
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] Size sized(std::uint32_t width, std::uint32_t height) const {
        if (!is_whole_ || width == 0 || height == 0) return std::nullopt;
        return ImageSize{width, height};
    }

private:
    std::string_view bytes_;
    bool is_whole_ = true;
};

// PNG, 11.2.2: IHDR comes first.
Size png_size(Bytes bytes) {
    constexpr std::uint32_t side_max = 0x7fff'ffff;
    constexpr std::string_view header("\0\0\0\x0dIHDR", 8);
    if (!bytes.has(8, header)) return std::nullopt;
    const std::uint32_t width = bytes.big(16, 4);
    const std::uint32_t height = bytes.big(20, 4);
    if (width > side_max || height > side_max) return std::nullopt;
    return bytes.sized(width, height);
}

// GIF89a, 18: the logical screen.
Size gif_size(Bytes bytes) {
    const std::uint32_t width = bytes.little(6, 2);
    const std::uint32_t height = bytes.little(8, 2);
    return bytes.sized(width, height);
}

bool is_start_of_frame(std::uint32_t marker) {
    constexpr std::uint32_t huffman_tables = 0xc4;
    constexpr std::uint32_t reserved = 0xc8;
    constexpr std::uint32_t arithmetic_conditioning = 0xcc;
    return marker >= 0xc0 && marker <= 0xcf && marker != huffman_tables && marker != reserved &&
           marker != arithmetic_conditioning;
}

bool stands_alone(std::uint32_t marker) {
    constexpr std::uint32_t temporary = 0x01;
    return marker == temporary || (marker >= 0xd0 && marker <= 0xd8);
}

// JPEG (ITU-T T.81, B.1): segments from marker to marker until the frame header.
Size jpeg_size(Bytes bytes) {
    constexpr std::uint32_t end_of_image = 0xd9;
    constexpr std::uint32_t start_of_scan = 0xda;
    std::size_t at = 2;
    while (at + 1 < bytes.size()) {
        if (bytes.u8(at) != 0xff) return std::nullopt;
        const std::uint32_t marker = bytes.u8(at + 1);
        if (marker == 0xff) {  // a fill byte
            ++at;
            continue;
        }
        if (marker == end_of_image || marker == start_of_scan) return std::nullopt;
        if (is_start_of_frame(marker)) {
            const std::uint32_t height = bytes.big(at + 5, 2);
            const std::uint32_t width = bytes.big(at + 7, 2);
            return bytes.sized(width, height);
        }
        at += 2;
        if (stands_alone(marker)) continue;
        const std::uint32_t length = bytes.big(at, 2);
        if (length < 2) return std::nullopt;
        at += length;
    }
    return std::nullopt;
}

// RFC 9649 and RFC 6386, 9.1.
Size webp_size(Bytes bytes) {
    constexpr std::uint32_t fourteen_bits = 0x3fff;
    constexpr std::size_t payload = 20;
    if (bytes.has(12, "VP8X")) {
        const std::uint32_t width = bytes.little(payload + 4, 3) + 1;
        const std::uint32_t height = bytes.little(payload + 7, 3) + 1;
        return bytes.sized(width, height);
    }
    if (bytes.has(12, "VP8L")) {
        if (bytes.u8(payload) != 0x2f) return std::nullopt;
        const std::uint32_t sides = bytes.little(payload + 1, 4);
        return bytes.sized((sides & fourteen_bits) + 1, (sides >> 14 & fourteen_bits) + 1);
    }
    if (!bytes.has(12, "VP8 ") || !bytes.has(payload + 3, "\x9d\x01\x2a")) return std::nullopt;
    const std::uint32_t width = bytes.little(payload + 6, 2) & fourteen_bits;
    const std::uint32_t height = bytes.little(payload + 8, 2) & fourteen_bits;
    return bytes.sized(width, height);
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view head) {
    const Bytes bytes(head);
    if (bytes.has(0, "\x89PNG\r\n\x1a\n")) return png_size(bytes);
    if (bytes.has(0, "\xff\xd8\xff")) return jpeg_size(bytes);
    if (bytes.has(0, "GIF87a") || bytes.has(0, "GIF89a")) return gif_size(bytes);
    if (bytes.has(0, "RIFF") && bytes.has(8, "WEBP")) return webp_size(bytes);
    return std::nullopt;
}

}  // namespace verbatim
