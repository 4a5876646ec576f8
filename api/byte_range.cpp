#include "api/byte_range.hpp"

#include "api/http_text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace verbatim::api {

namespace {

constexpr ByteRange whole{};
constexpr ByteRange unsatisfiable{.kind = ByteRange::Kind::unsatisfiable};

// A number too great to hold is as good as the greatest: no body is so long.
std::optional<std::uint64_t> parse_place(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
        return std::nullopt;
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec == std::errc::result_out_of_range)
        return std::numeric_limits<std::uint64_t>::max();
    return value;
}

}  // namespace

ByteRange byte_range(std::string_view header, std::uint64_t bytes) {
    constexpr std::string_view unit = "bytes=";
    if (!equals_ignoring_case(header.substr(0, unit.size()), unit)) return whole;
    const std::string_view spec = trimmed(header.substr(unit.size()));
    const auto dash = spec.find('-');
    if (dash == spec.npos || spec.find(',') != spec.npos) return whole;
    const std::string_view first_text = trimmed(spec.substr(0, dash));
    const std::string_view last_text = trimmed(spec.substr(dash + 1));
    const auto last = parse_place(last_text);

    if (first_text.empty()) {  // so many at the end
        if (!last) return whole;
        if (*last == 0 || bytes == 0) return unsatisfiable;
        const std::uint64_t count = std::min(*last, bytes);
        return {.kind = ByteRange::Kind::part, .first = bytes - count, .count = count};
    }
    const auto first = parse_place(first_text);
    if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return whole;
    if (*first >= bytes) return unsatisfiable;
    const std::uint64_t end = last ? std::min(*last, bytes - 1) : bytes - 1;
    return {.kind = ByteRange::Kind::part, .first = *first, .count = end - *first + 1};
}

}  // namespace verbatim::api
