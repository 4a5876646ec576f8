#include "protocol/media_type.hpp"

#include <algorithm>
#include <magic.h>
#include <memory>
#include <type_traits>

namespace verbatim {
namespace {

constexpr std::string_view unknown = "application/octet-stream";
constexpr std::size_t media_type_bytes_max = 127;  // RFC 6838, 4.2, of each half

struct CloseMagic {
    void operator()(magic_t magic) const { magic_close(magic); }
};
using Magic = std::unique_ptr<std::remove_pointer_t<magic_t>, CloseMagic>;

Magic open_magic() {
    Magic magic(magic_open(MAGIC_MIME_TYPE));
    if (magic && magic_load(magic.get(), nullptr) != 0) magic.reset();
    return magic;
}

// It goes into a header and into the log: "type/subtype" of the characters of RFC 6838, 4.2.
bool is_media_type(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == 0 || slash == text.npos || slash + 1 == text.size()) return false;
    if (text.size() > media_type_bytes_max) return false;
    return std::ranges::all_of(text, [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') ||
               std::string_view("/!#$&-^_.+").find(c) != std::string_view::npos;
    });
}

}  // namespace

std::string media_type_of(std::string_view head) {
    thread_local const Magic magic = open_magic();
    if (!magic || head.empty()) return std::string(unknown);
    const char* const said =
        magic_buffer(magic.get(), head.data(), std::min(head.size(), file_head_bytes_max));
    if (said == nullptr || !is_media_type(said)) return std::string(unknown);
    return said;
}

bool may_be_shown_inline(std::string_view media_type) {
    if (media_type.starts_with("image/svg")) return false;
    return media_type.starts_with("image/") || media_type.starts_with("audio/") ||
           media_type.starts_with("video/");
}

}  // namespace verbatim
