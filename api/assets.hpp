#pragma once

#include <span>
#include <string_view>

namespace verbatim::api {

// A file that is part of the program. All texts have static storage.
struct Asset {
    std::string_view path;  // on the server: "/docs/init.js"
    std::string_view content_type;
    std::string_view tag;  // a hash of the content, for ETag
    std::string_view plain;
    std::string_view gzip;  // empty where it would save next to nothing
};

// All of them; api/assets.cmake lists which. The source is written by tools/embed_assets.py.
[[nodiscard]] std::span<const Asset> assets();

}  // namespace verbatim::api
