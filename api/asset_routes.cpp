#include "api/asset_routes.hpp"

#include "api/assets.hpp"
#include "api/http_text.hpp"
#include "api/security_headers.hpp"
#include "domain/invariant.hpp"
#include "protocol/problem.hpp"

#include <algorithm>
#include <string>

namespace verbatim::api {

namespace {

// The next element of a comma-separated list, without its blanks; `list` loses it.
std::string_view take_element(std::string_view& list) {
    const auto comma = list.find(',');
    const auto element = trimmed(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    return element;
}

// RFC 9110, 12.5.3: gzip is named, and not with a weight of nothing.
bool accepts_gzip(const HttpRequest& request) {
    const std::string* header = request.header("accept-encoding");
    if (header == nullptr) return false;
    std::string_view list = *header;
    while (!list.empty()) {
        const auto element = take_element(list);
        const auto semicolon = element.find(';');
        if (!equals_ignoring_case(trimmed(element.substr(0, semicolon)), "gzip")) continue;
        if (semicolon == std::string_view::npos) return true;
        const auto weight = trimmed(element.substr(semicolon + 1));
        return !weight.starts_with("q=0") || weight.find_first_of("123456789") != weight.npos;
    }
    return false;
}

// RFC 9110, 13.1.2: compared weakly.
bool has_copy(const HttpRequest& request, std::string_view tag) {
    const std::string* header = request.header("if-none-match");
    if (header == nullptr) return false;
    if (trimmed(*header) == "*") return true;
    std::string_view list = *header;
    while (!list.empty()) {
        auto known = take_element(list);
        if (known.starts_with("W/")) known.remove_prefix(2);
        if (known == tag) return true;
    }
    return false;
}

HttpResponse answer_with(const Asset& asset, const HttpRequest& request) {
    const bool packed = !asset.gzip.empty() && accepts_gzip(request);
    const std::string tag = '"' + std::string(asset.tag) + (packed ? "-gzip\"" : "\"");
    HttpResponse response;
    response.headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
    if (has_copy(request, tag)) {
        response.status = 304;
        return response;
    }
    response.headers.emplace_back("Content-Type", asset.content_type);
    if (asset.path == "/docs")
        response.headers.emplace_back("Content-Security-Policy", docs_page_policy);
    if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = packed ? asset.gzip : asset.plain;
    return response;
}

}  // namespace

Handler asset_route(std::string_view path) {
    const auto found = std::ranges::find(assets(), path, &Asset::path);
    invariant(found != assets().end(), "what is served is part of the program");
    return [&asset = *found](const auto& request, const auto& responder) {
        responder->send(answer_with(asset, *request));
    };
}

Handler asset_folder_route(std::string_view folder) {
    return [folder](const auto& request, const auto& responder) {
        const std::string path = std::string(folder) + std::string(request->parameter("asset"));
        const auto found = std::ranges::find(assets(), path, &Asset::path);
        if (found != assets().end()) return responder->send(answer_with(*found, *request));
        const Problem problem = http_problem(404, "There is nothing at this path.");
        responder->send(
            {.status = problem.status,
             .headers =
                 {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}},
             .body = to_json(problem, request->request_id)}
        );
    };
}

}  // namespace verbatim::api
