#include "api/forwarding.hpp"

#include "api/http_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace verbatim::api {
namespace {

// Of the connection to this node, or said anew on the one to the leader. What concerns a browser's
// origin is between it and this node.
constexpr auto own_request_headers = std::to_array<std::string_view>({
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "verbatim-min-position",
    "verbatim-node",
    "x-forwarded-for",
    "x-forwarded-proto",
});
constexpr auto own_answer_headers = std::to_array<std::string_view>({
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
    "vary",
    "x-request-id",
});

template <std::size_t size>
bool is_in(const std::array<std::string_view, size>& names, const std::string& lower_case_name) {
    return std::ranges::find(names, lower_case_name) != names.end();
}

LeaderCallKind kind_of(Method method) {
    const bool is_query = method == Method::get || method == Method::head;
    return is_query ? LeaderCallKind::query : LeaderCallKind::command;
}

}  // namespace

std::string target_of(const HttpRequest& request) {
    std::string target;
    // By the pattern, so that a segment with an encoded slash stays one segment.
    std::string_view rest = request.route;
    while (!rest.empty()) {
        const auto open = rest.find('{');
        target += rest.substr(0, open);
        if (open == rest.npos) break;
        const auto close = rest.find('}', open);
        target += percent_encoded(request.parameter(rest.substr(open + 1, close - open - 1)));
        rest.remove_prefix(close + 1);
    }
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        target += std::exchange(separator, '&');
        target += percent_encoded(name) + "=" + percent_encoded(value);
    }
    return target;
}

LeaderCall call_of(const Exchange& exchange) {
    const HttpRequest& request = exchange.request();
    LeaderCall call{
        .method = std::string(method_name(request.method)),
        .target = target_of(request),
        .headers = {},
        .body = request.body,
        .client_address = exchange.services().client_address(request)};
    for (const auto& [name, value] : request.headers)
        if (!is_in(own_request_headers, name)) call.headers.emplace_back(name, value);
    return call;
}

HttpResponse response_of(LeaderReply reply) {
    HttpResponse response{.status = reply.status, .headers = {}, .body = std::move(reply.body)};
    for (auto& [name, value] : reply.headers)
        if (!is_in(own_answer_headers, lower_case(name)))
            response.headers.emplace_back(std::move(name), std::move(value));
    return response;
}

void forward(const ExchangePtr& exchange) {
    exchange->services().leader->call(
        call_of(*exchange),
        [exchange](Expected<LeaderReply, LeaderCallFault> reply) {
            if (reply) return exchange->send_whole(response_of(std::move(*reply)));
            exchange->send_problem(problem_of(reply.error(), kind_of(exchange->request().method)));
        }
    );
}

Handler forwarding_handler(const Services& services) {
    return [&services](
               std::shared_ptr<const HttpRequest> request, std::shared_ptr<Responder> responder
           ) {
        const auto exchange =
            std::make_shared<Exchange>(services, std::move(request), std::move(responder));
        if (auto reason = services.not_ready())
            return exchange->send_problem(not_ready(std::move(*reason)));
        forward(exchange);
    };
}

}  // namespace verbatim::api
