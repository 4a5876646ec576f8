#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace verbatim {

// How much of a file is looked at to tell what it is: what libmagic itself looks at.
inline constexpr std::size_t file_head_bytes_max = 1024 * 1024;

// What a file is, such as "image/png", by libmagic's reading of its beginning: never by the word of
// whoever sent it. "application/octet-stream" when that says nothing.
//
// Threads: any; each has a copy of libmagic's state (some 10 ms when it first asks).
[[nodiscard]] std::string media_type_of(std::string_view head);

// Whether a browser may show it in a page of its own: images, audio and video, but nothing that
// holds scripts, as SVG does.
[[nodiscard]] bool may_be_shown_inline(std::string_view media_type);

}  // namespace verbatim
