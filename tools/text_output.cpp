#include "tools/text_output.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace verbatim {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 1;
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
    };
    const std::uint32_t first = byte(at);
    if (first < 0x80) return {first, 1};
    if (first < 0xe0) return {(first & 0x1fu) << 6 | (byte(at + 1) & 0x3fu), 2};
    if (first < 0xf0)
        return {(first & 0xfu) << 12 | (byte(at + 1) & 0x3fu) << 6 | (byte(at + 2) & 0x3fu), 3};
    return {
        (first & 7u) << 18 | (byte(at + 1) & 0x3fu) << 12 | (byte(at + 2) & 0x3fu) << 6 |
            (byte(at + 3) & 0x3fu),
        4};
}

bool turns_direction(std::uint32_t c) {
    return c == 0x200e || c == 0x200f || c == 0x061c || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

bool is_control(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

bool is_wide(std::uint32_t c) {
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

std::string shown(std::uint32_t c) {
    if (c == '\n') return "\\n";
    if (c == '\t') return "\\t";
    if (c == '\r') return "\\r";
    char text[12];
    std::snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
    return text;
}

}  // namespace

TextOutput::TextOutput(int descriptor)
    : descriptor_(descriptor), is_terminal_(::isatty(descriptor) == 1) {}

void TextOutput::write(std::string_view text) {
    if (!is_open()) return;
    waiting_ += text;
    if (is_terminal_ || waiting_.size() >= piece_bytes) flush();
}

void TextOutput::flush() {
    std::string_view left = waiting_;
    while (!left.empty() && is_open()) {
        const ssize_t written = ::write(descriptor_, left.data(), left.size());
        if (written >= 0)
            left.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            fault_ = errno;
    }
    waiting_.clear();
}

std::string TextOutput::fault() const {
    return fault_ == 0 || fault_ == EPIPE ? std::string() : std::strerror(fault_);
}

bool is_coloured(Colour colour, const TextOutput& output) {
    if (colour != Colour::automatic) return colour == Colour::always;
    const char* const refused = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return output.is_terminal() && (refused == nullptr || *refused == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string printable(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        if (is_control(c.value) || turns_direction(c.value))
            line += shown(c.value);
        else
            line += text.substr(at, c.bytes);
        at += c.bytes;
    }
    return line;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        columns += is_wide(c.value) ? 2 : 1;
        at += c.bytes;
    }
    return columns;
}

}  // namespace verbatim
