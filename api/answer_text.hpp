#pragma once

#include "api/http.hpp"

#include <string>
#include <string_view>

namespace verbatim::api {

// What the request and the connection say about how an answer is written.
struct AnswerFrame {
    std::string_view request_id;
    int minor_version = 1;
    bool is_head = false;  // the body is left out, its length is not
    bool keep_alive = true;
    bool varies_by_origin = false;    // CORS is configured
    std::string_view allowed_origin;  // "" where the request's origin is not one of ours
};

// Appends status line, header fields and body (not the stream) to `out`.
void append_answer(std::string& out, const HttpResponse& response, const AnswerFrame& frame);

// Whether the stream of such an answer goes out in chunks.
[[nodiscard]] bool is_chunked(const HttpResponse& response, const AnswerFrame& frame);
void append_chunk(std::string& out, std::string_view piece);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace verbatim::api
