#include "api/request_head.hpp"

#include "api/http_limits.hpp"
#include "api/http_text.hpp"

#include <algorithm>
#include <limits>

namespace verbatim::api {

namespace {

using Text = std::string_view;

auto malformed(std::string detail) {
    return failure(HttpFault{400, "malformed_request", std::move(detail)});
}

// The parts of "GET /path?query HTTP/1.1".
struct RequestLine {
    Text method;
    Text target;
    int minor_version = 1;
};

Expected<RequestLine, HttpFault> parse_request_line(Text line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == Text::npos || first == last)
        return malformed("The request line is not: method, target, version.");
    RequestLine parts{line.substr(0, first), line.substr(first + 1, last - first - 1), 1};
    const Text version = line.substr(last + 1);

    if (parts.method.size() > limits::http_method_bytes_max || !is_token(parts.method))
        return malformed("The method is not a token.");
    if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' ||
        version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9')
        return malformed("The request line does not end in a version of HTTP.");
    if (version[5] != '1')
        return failure(HttpFault{505, "version_not_supported", "Only HTTP/1.0 and HTTP/1.1."});
    parts.minor_version = version[7] == '0' ? 0 : 1;  // 1.2 and later speak 1.1 (RFC 9110, 2.5)

    if (parts.target.size() > limits::http_target_bytes_max)
        return failure(HttpFault{414, "target_too_long", "The target of the request is too long."});
    const bool printable = std::all_of(parts.target.begin(), parts.target.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '#';
    });
    if (parts.target.empty() || !printable)
        return malformed("The target has a character that must be percent-encoded.");
    return parts;
}

// Origin form, absolute form (as through a proxy) or the asterisk of OPTIONS (RFC 9112, 3.2).
Expected<void, HttpFault> take_target(Text target, RequestHead& head) {
    const auto scheme = target.find("://");
    if (target.front() != '/' && scheme != Text::npos) {
        const Text name = target.substr(0, scheme);
        if (!equals_ignoring_case(name, "http") && !equals_ignoring_case(name, "https"))
            return malformed("The target is of an unknown scheme.");
        target.remove_prefix(scheme + 3);
        const auto authority = std::min(target.find_first_of("/?"), target.size());
        if (authority == 0) return malformed("The target names no host.");
        target.remove_prefix(authority);
        if (target.empty() || target.front() == '?') {
            head.raw_path = "/";
            if (!target.empty()) head.raw_query = target.substr(1);
            return {};
        }
    }
    if (target == "*" && head.method == Method::options) {
        head.raw_path = target;
        return {};
    }
    if (target.front() != '/') return malformed("The target is neither a path nor a URL.");
    const auto question = target.find('?');
    head.raw_path = target.substr(0, question);
    if (question != Text::npos) head.raw_query = target.substr(question + 1);
    return {};
}

Expected<void, HttpFault> take_field(Text line, RequestHead& head) {
    if (head.headers.size() == limits::http_headers_max)
        return failure(HttpFault{431, "head_too_large", "There are too many header fields."});
    if (line.front() == ' ' || line.front() == '\t')
        return malformed("A header field is folded over two lines.");
    const auto colon = line.find(':');
    if (colon == Text::npos || !is_token(line.substr(0, colon)))
        return malformed("A header field's name is not a token before a colon.");
    head.headers.emplace_back(lower_case(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    return {};
}

Expected<void, HttpFault> take_content_length(Text value, RequestHead& head) {
    const bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (!digits) return malformed("Content-Length is not a number.");
    for (const char c : value) {
        // More than any body may have: no need to know exactly, and no overflow.
        if (head.content_length > std::numeric_limits<std::uint64_t>::max() / 20) break;
        head.content_length = head.content_length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return {};
}

// uri-host [ ":" port ], by its characters; it may be empty.
bool is_host(Text value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               Text("-._~!$&'()*+,;=:[]%").find(c) != Text::npos;
    });
}

struct FramingFields {
    int hosts = 0;
    int content_lengths = 0;
    int transfer_encodings = 0;
};

Expected<void, HttpFault> judge_field(
    const std::pair<std::string, std::string>& field, RequestHead& head, FramingFields& seen
) {
    const auto& [name, value] = field;
    if (name == "host") {
        ++seen.hosts;
        if (!is_host(value)) return malformed("Host is not a host.");
    } else if (name == "content-length") {
        if (++seen.content_lengths > 1) return malformed("There are two Content-Length fields.");
        return take_content_length(value, head);
    } else if (name == "transfer-encoding") {
        ++seen.transfer_encodings;
        if (!equals_ignoring_case(value, "chunked"))
            return failure(HttpFault{501, "coding_not_supported", "Only chunked is understood."});
        head.chunked = true;
    } else if (name == "connection") {
        if (list_contains(value, "close")) {
            head.keep_alive = false;
        } else if (head.minor_version == 0 && list_contains(value, "keep-alive")) {
            head.keep_alive = true;
        }
    } else if (name == "expect" && head.minor_version > 0) {
        if (!equals_ignoring_case(value, "100-continue"))
            return failure(HttpFault{417, "expectation_failed", "Only 100-continue is understood."}
            );
        head.expects_continue = true;
    }
    return {};
}

Expected<void, HttpFault> judge_framing(RequestHead& head) {
    FramingFields seen;
    for (const auto& field : head.headers)
        if (auto judged = judge_field(field, head, seen); !judged) return judged;
    if (seen.hosts > 1) return malformed("There are two Host fields.");
    if (seen.hosts == 0 && head.minor_version > 0) return malformed("Host is missing.");
    if (seen.transfer_encodings > 1) return malformed("There are two Transfer-Encoding fields.");
    if (head.chunked && seen.content_lengths > 0)
        return malformed("There are both Content-Length and Transfer-Encoding.");
    if (head.chunked && head.minor_version == 0)
        return malformed("HTTP/1.0 has no Transfer-Encoding.");
    return {};
}

bool is_stray_control(char c) {
    return (c >= 0 && c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == '\x7f';
}

// What can be said of a request line before its end has come.
bool may_become_request_line(Text begun) {
    const auto method = begun.substr(0, begun.find(' '));
    if (method.empty()) return begun.empty();
    return method.size() <= limits::http_method_bytes_max && is_token(method);
}

}  // namespace

const std::string* RequestHead::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_case_name) return &value;
    return nullptr;
}

Expected<std::optional<std::size_t>, HttpFault> HeadScanner::scan(std::string_view bytes) {
    for (; scanned_ < bytes.size(); ++scanned_) {
        const char c = bytes[scanned_];
        if (is_stray_control(c)) return malformed("The head has a control character.");
        const bool after_return = scanned_ > line_begin_ && bytes[scanned_ - 1] == '\r';
        if (after_return != (c == '\n')) return malformed("A line does not end in CR LF.");
        if (scanned_ >= limits::http_head_bytes_max)
            return failure(HttpFault{431, "head_too_large", "The head of the request is too large."}
            );
        if (c != '\n') continue;

        const Text line = bytes.substr(line_begin_, scanned_ - 1 - line_begin_);
        line_begin_ = scanned_ + 1;
        if (!request_line_seen_) {
            if (line.empty()) continue;  // before a request they are to be ignored (RFC 9112, 2.2)
            if (auto parsed = parse_request_line(line); !parsed)
                return failure(std::move(parsed.error()));
            request_line_seen_ = true;
        } else if (line.empty()) {
            ++scanned_;
            return std::optional(scanned_);
        }
    }
    if (!request_line_seen_) {
        auto begun = bytes.substr(line_begin_);
        if (begun.ends_with('\r')) begun.remove_suffix(1);
        if (!may_become_request_line(begun)) return malformed("This is no request.");
        if (begun.size() > limits::http_target_bytes_max + limits::http_method_bytes_max)
            return failure(HttpFault{414, "target_too_long", "The request line is too long."});
    }
    return std::optional<std::size_t>();
}

Expected<RequestHead, HttpFault> parse_head(std::string_view head) {
    RequestHead out;
    while (head.starts_with("\r\n")) head.remove_prefix(2);
    auto end = head.find("\r\n");
    auto line = parse_request_line(head.substr(0, end));
    if (!line) return failure(std::move(line.error()));
    out.method = parse_method(line->method);
    out.minor_version = line->minor_version;
    out.keep_alive = line->minor_version > 0;
    if (auto taken = take_target(line->target, out); !taken)
        return failure(std::move(taken.error()));

    out.headers.reserve(8);
    for (head.remove_prefix(end + 2); !head.starts_with("\r\n"); head.remove_prefix(end + 2)) {
        end = head.find("\r\n");
        if (auto taken = take_field(head.substr(0, end), out); !taken)
            return failure(std::move(taken.error()));
    }
    if (auto judged = judge_framing(out); !judged) return failure(std::move(judged.error()));
    return out;
}

}  // namespace verbatim::api
