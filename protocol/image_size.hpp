#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace verbatim {

struct ImageSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

// Width and height as the head of a PNG, JPEG, GIF or WebP file says, in pixels, before any
// rotation that metadata asks for. `head` is the file's beginning, as much as the caller cares to
// look at. nullopt when it is no such file, is cut off too early, or says zero.
//
// Pure. Nothing is decoded, no length that the file claims is trusted, and the time taken is at
// most proportional to `head`.
[[nodiscard]] std::optional<ImageSize> image_size(std::string_view head);

}  // namespace verbatim
