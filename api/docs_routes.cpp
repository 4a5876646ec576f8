#include "api/docs_routes.hpp"

#include "api/asset_routes.hpp"
#include "api/security_headers.hpp"

#include <string>

namespace verbatim::api {

namespace {

void show_problems(
    const std::shared_ptr<const HttpRequest>& /*the page is the same for all*/,
    const std::shared_ptr<Responder>& responder
) {
    static const std::string page = problem_page();
    responder->send(
        {.status = 200,
         .headers =
             {{"Content-Type", "text/html; charset=utf-8"},
              {"Cache-Control", "no-cache"},
              {"Content-Security-Policy", std::string(docs_page_policy)}},
         .body = page}
    );
}

}  // namespace

void add_docs(RouteTable& table) {
    for (const std::string_view path : {"/docs", "/api/v1/openapi.json", "/api/v1/asyncapi.json"})
        table.add(Method::get, path, asset_route(path));
    table.add(Method::get, "/docs/{asset}", asset_folder_route("/docs/"));
    table.add(Method::get, "/docs/problems", show_problems);
}

}  // namespace verbatim::api
