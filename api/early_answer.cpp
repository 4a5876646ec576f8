#include "api/early_answer.hpp"

#include "api/http_text.hpp"

#include <algorithm>

namespace verbatim::api {

namespace {

constexpr std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// What requests of other origins may carry: every header that a route reads, and two that clients
// of many servers send along. Closed, so that nothing that a later proxy believes can be sent by
// another site's script.
constexpr std::string_view request_headers =
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, "
    "Range, Tus-Resumable, Upload-Checksum, Upload-Defer-Length, Upload-Length, Upload-Metadata, "
    "Upload-Offset, Verbatim-Min-Position, X-HTTP-Method-Override, X-Request-Id, X-Requested-With";

HttpResponse answer_to_options(
    const ServerCore& core, const RequestHead& head, std::string_view allow
) {
    HttpResponse answer;
    answer.status = 204;
    answer.headers.emplace_back("Allow", allow);
    const bool from_ours = !allowed_origin(core.options, head.header("origin")).empty();
    if (!from_ours || head.header("access-control-request-method") == nullptr) return answer;
    answer.headers.emplace_back("Access-Control-Allow-Methods", allow);
    answer.headers.emplace_back("Access-Control-Allow-Headers", request_headers);
    answer.headers.emplace_back(
        "Access-Control-Max-Age", std::to_string(limits::http_preflight_max_age.count())
    );
    return answer;
}

}  // namespace

std::string_view allowed_origin(const ServerOptions& options, const std::string* origin_header) {
    if (origin_header == nullptr) return {};
    const bool ours = std::any_of(
        options.cors_origins.begin(),
        options.cors_origins.end(),
        [&](const std::string& origin) { return origin == "*" || origin == *origin_header; }
    );
    return ours ? std::string_view(*origin_header) : std::string_view();
}

std::optional<HttpResponse> early_answer(
    const ServerCore& core,
    const RequestHead& head,
    const RouteTable::Match& match,
    std::string_view request_id
) {
    using Outcome = RouteTable::Outcome;
    const bool is_options = head.method == Method::options;
    if (is_options && head.raw_path == "*") return answer_to_options(core, head, all_methods);
    switch (match.outcome) {
        case Outcome::bad_path:
            return core.problem(
                400, "malformed_request", "The path is not percent-encoded UTF-8.", request_id
            );
        case Outcome::unknown_path:
            return core.problem(404, "not_found", "There is nothing at this path.", request_id);
        case Outcome::method_not_allowed: {
            if (is_options) return answer_to_options(core, head, match.allow);
            auto answer = core.problem(
                405, "method_not_allowed", "This path does not take this method.", request_id
            );
            answer.headers.emplace_back("Allow", match.allow);
            return answer;
        }
        case Outcome::found: break;
    }
    if (is_options && head.header("access-control-request-method") != nullptr)
        return answer_to_options(core, head, match.allow);
    return std::nullopt;
}

}  // namespace verbatim::api
