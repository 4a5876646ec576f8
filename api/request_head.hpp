#pragma once

#include "api/http.hpp"
#include "domain/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim::api {

// Why bytes were refused before any handler saw them. The connection ends with the answer, since
// what follows cannot be told apart any more.
struct HttpFault {
    int status = 400;
    std::string_view code;  // static storage: "malformed_request"
    std::string detail;     // for people; holds nothing of the bytes
};

// The request line and the header fields, held to RFC 9112 strictly: a line ends in CR LF, there is
// no folding, no space before a colon, no control character, one Host in HTTP/1.1 and one way at
// most to tell the length of the body. What a field that is no business of framing says (Cookie,
// Date, Accept, Content-Type, …) is taken as it is.
struct RequestHead {
    Method method = Method::other;
    std::string raw_path;  // still percent-encoded; "*" for OPTIONS *
    std::string raw_query;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    int minor_version = 1;
    bool keep_alive = true;
    bool expects_continue = false;
    bool chunked = false;
    std::uint64_t content_length = 0;  // 0 when chunked or absent

    [[nodiscard]] bool has_body() const { return chunked || content_length > 0; }
    [[nodiscard]] const std::string* header(std::string_view lower_case_name) const;
};

// Looks at the beginning of a request of which the end may not have arrived yet, so that bytes that
// can never become a request are refused at once. Stateful only in how far it has looked.
class HeadScanner {
public:
    // Whether the head is whole: its length with the blank line. nullopt: more is needed.
    // Requires: `bytes` is what the call before saw, with more at its end.
    [[nodiscard]] Expected<std::optional<std::size_t>, HttpFault> scan(std::string_view bytes);

private:
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    bool request_line_seen_ = false;
};

// `head` ends with its blank line, and scan() has accepted it.
[[nodiscard]] Expected<RequestHead, HttpFault> parse_head(std::string_view head);

}  // namespace verbatim::api
