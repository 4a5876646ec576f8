#include "broker/feed/refusal.hpp"

#include <boost/beast/http/status.hpp>

namespace verbatim::feed {

std::string refusal_text(const Problem& problem, std::string_view request_id) {
    namespace http = boost::beast::http;
    const std::string body = to_json(problem, request_id);
    const auto reason = http::obsolete_reason(static_cast<http::status>(problem.status));
    std::string text = "HTTP/1.1 " + std::to_string(problem.status) + ' ';
    text += std::string_view(reason.data(), reason.size());
    text +=
        "\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    if (problem.status == 426) text += "Upgrade: websocket\r\n";
    if (problem.retry_after_seconds)
        text += "Retry-After: " + std::to_string(*problem.retry_after_seconds) + "\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return text + body;
}

}  // namespace verbatim::feed
