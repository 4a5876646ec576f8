#include "api/security_headers.hpp"

#include "api/http_text.hpp"

#include <algorithm>
#include <array>

namespace verbatim::api {

namespace {

constexpr auto foreign_document_types = std::to_array<std::string_view>(
    {"image/svg+xml", "application/xhtml+xml", "application/xml", "text/xml"}
);

const std::string* field(const HttpResponse& response, std::string_view name) {
    const auto found = std::ranges::find_if(response.headers, [&](const auto& header) {
        return equals_ignoring_case(header.first, name);
    });
    return found == response.headers.end() ? nullptr : &found->second;
}

// Empty where none is needed: nothing but documents obeys one.
std::string_view policy_of(const HttpResponse& response) {
    const std::string* type = field(response, "content-type");
    if (type == nullptr) return {};
    const std::string_view media = trimmed(std::string_view(*type).substr(0, type->find(';')));
    if (equals_ignoring_case(media, "text/html")) return page_policy;
    const bool is_foreign = std::ranges::any_of(foreign_document_types, [&](auto document) {
        return equals_ignoring_case(media, document);
    });
    return is_foreign ? foreign_document_policy : std::string_view();
}

}  // namespace

void append_security_headers(std::string& out, const HttpResponse& response) {
    out.append(
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
    );
    if (field(response, "content-security-policy") != nullptr) return;
    const std::string_view policy = policy_of(response);
    if (!policy.empty()) out.append("Content-Security-Policy: ").append(policy).append("\r\n");
}

}  // namespace verbatim::api
