#include "api/answer_text.hpp"

#include "api/http_text.hpp"
#include "api/security_headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace verbatim::api {

namespace {

constexpr auto own_headers = std::to_array<std::string_view>(
    {"content-length",
     "transfer-encoding",
     "connection",
     "date",
     "x-request-id",
     "x-content-type-options",
     "x-frame-options",
     "referrer-policy",
     "cross-origin-resource-policy"}
);

// What scripts of other origins may read of an answer, besides what every script may.
constexpr std::string_view exposed_headers =
    "Verbatim-Position, Verbatim-Room-Seq, Idempotency-Replayed, Retry-After, X-Request-Id, Allow, "
    "ETag, Location, Content-Disposition, Content-Range, Accept-Ranges, WWW-Authenticate, "
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, "
    "Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires, Upload-File-Id";

void append_number(std::string& out, std::uint64_t number, int base = 10) {
    std::array<char, 20> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    const auto begin = out.size();
    out.append(value);
    // A value must not be able to begin a field or an answer of its own.
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin),
        out.end(),
        [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; },
        ' '
    );
    out.append("\r\n");
}

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second on each thread.
std::string_view date_text() {
    thread_local std::time_t made_at = 0;
    thread_local std::array<char, 32> text{};
    thread_local std::size_t size = 0;
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    if (now != made_at) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made_at = now;
    }
    return {text.data(), size};
}

// 1xx, 204 and 304 end with their head (RFC 9112, 6.3).
bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_length(std::string& out, const HttpResponse& response, const AnswerFrame& frame) {
    if (!may_have_body(response.status)) return;
    if (is_chunked(response, frame)) {
        out.append("Transfer-Encoding: chunked\r\n");
    } else if (!response.stream || response.stream_bytes) {
        out.append("Content-Length: ");
        append_number(out, response.body.size() + response.stream_bytes.value_or(0));
        out.append("\r\n");
    }
}

void append_connection(std::string& out, const AnswerFrame& frame) {
    if (!frame.keep_alive) {
        out.append("Connection: close\r\n");
    } else if (frame.minor_version == 0) {
        out.append("Connection: keep-alive\r\n");
    }
}

void append_cors(std::string& out, const AnswerFrame& frame) {
    if (!frame.varies_by_origin) return;
    out.append("Vary: Origin\r\n");
    if (frame.allowed_origin.empty()) return;
    append_field(out, "Access-Control-Allow-Origin", frame.allowed_origin);
    // By name, since not every browser knows the wildcard.
    append_field(out, "Access-Control-Expose-Headers", exposed_headers);
}

}  // namespace

bool is_chunked(const HttpResponse& response, const AnswerFrame& frame) {
    return response.stream && !response.stream_bytes && frame.minor_version > 0 &&
           may_have_body(response.status);
}

void append_chunk(std::string& out, std::string_view piece) {
    append_number(out, piece.size(), 16);
    out.append("\r\n").append(piece).append("\r\n");
}

void append_answer(std::string& out, const HttpResponse& response, const AnswerFrame& frame) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(std::clamp(response.status, 100, 999)));
    out.append(" ").append(reason_phrase(response.status)).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        const bool is_own =
            std::any_of(own_headers.begin(), own_headers.end(), [&, &field = name](auto own) {
                return equals_ignoring_case(own, field);
            });
        if (!is_own) append_field(out, name, value);
    }
    append_field(out, "Date", date_text());
    append_field(out, "X-Request-Id", frame.request_id);
    append_security_headers(out, response);
    append_cors(out, frame);
    append_length(out, response, frame);
    append_connection(out, frame);
    out.append("\r\n");

    if (frame.is_head || !may_have_body(response.status) || response.body.empty()) return;
    if (is_chunked(response, frame)) {
        append_chunk(out, response.body);
    } else {
        out.append(response.body);
    }
}

}  // namespace verbatim::api
