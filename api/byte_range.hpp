#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace verbatim::api {

// Which bytes of a body a Range header asks for (RFC 9110, 14).
struct ByteRange {
    enum class Kind { whole, part, unsatisfiable };
    Kind kind = Kind::whole;
    std::uint64_t first = 0;
    std::uint64_t count = 0;  // of a part: at least 1
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// `header`: its value, of a body of `bytes`. Several ranges, other units and what is no Range at
// all ask for the whole.
[[nodiscard]] ByteRange byte_range(std::string_view header, std::uint64_t bytes);

}  // namespace verbatim::api
