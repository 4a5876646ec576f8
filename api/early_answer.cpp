#include "api/early_answer.hpp"

#include "api/http_text.hpp"

#include <algorithm>

namespace verbatim::api {

namespace {

constexpr std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// What comes back in an answer must be a list of names and nothing else.
bool is_list_of_names(std::string_view list) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (!is_token(trimmed(list.substr(0, comma)))) return false;
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
    return false;
}

HttpResponse answer_to_options(
    const ServerCore& core, const RequestHead& head, std::string_view allow
) {
    HttpResponse answer;
    answer.status = 204;
    answer.headers.emplace_back("Allow", allow);
    const bool from_ours = !allowed_origin(core.options, head.header("origin")).empty();
    if (!from_ours || head.header("access-control-request-method") == nullptr) return answer;
    answer.headers.emplace_back("Access-Control-Allow-Methods", allow);
    const std::string* names = head.header("access-control-request-headers");
    if (names != nullptr && is_list_of_names(*names))
        answer.headers.emplace_back("Access-Control-Allow-Headers", *names);
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
