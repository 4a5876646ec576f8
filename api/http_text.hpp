#pragma once

#include <optional>
#include <string>
#include <string_view>

// The small grammar of HTTP and URI text. Pure functions.
namespace verbatim::api {

// nullopt where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
// The same for one name or value of a query, where '+' is a space.
[[nodiscard]] std::optional<std::string> form_decoded(std::string_view text);
// All but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// Well-formed UTF-8 (RFC 3629): no surrogates, nothing overlong, nothing beyond U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

[[nodiscard]] bool is_token(std::string_view text);             // RFC 9110, 5.6.2; not empty
[[nodiscard]] std::string_view trimmed(std::string_view text);  // of spaces and tabs
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right);
// Whether a comma-separated list has this member.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view member);

// "Not Found"; "Status" where there is none.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace verbatim::api
