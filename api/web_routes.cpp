#include "api/web_routes.hpp"

#include "api/asset_routes.hpp"

#include <nlohmann/json.hpp>

namespace verbatim::api {

namespace {

Handler settings_route(const Services& services) {
    return [&services](const auto& /*the same for all*/, const auto& responder) {
        const nlohmann::json settings = {
            {"feed_port", services.feed_port()},
            {"feed_url",
             services.feed_url.empty() ? nlohmann::json() : nlohmann::json(services.feed_url)}};
        responder->send(
            {.status = 200,
             .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}},
             .body = settings.dump()}
        );
    };
}

}  // namespace

void add_web(RouteTable& table, const Services& services) {
    for (const std::string_view page : {"/", "/audit"})
        table.add(Method::get, page, asset_route(page));
    table.add(Method::get, "/web/{asset}", asset_folder_route("/web/"));
    table.add(Method::get, "/web/settings.json", settings_route(services));
}

}  // namespace verbatim::api
