#include "api/projection_routes.hpp"

#include "api/admin_routes.hpp"
#include "api/audited_read.hpp"
#include "protocol/projection_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace verbatim::api::projections {

namespace {

Answer<bool> read_compare_only(const HttpRequest& request) {
    const auto body = body_of(request);
    if (!body) return failure(body.error());
    const auto member = body->find("compare_only");
    if (member == body->end() || member->is_null()) return false;
    if (!member->is_boolean())
        return failure(invalid_field("compare_only", "must be true or false"));
    return member->get<bool>();
}

void send_list(const ExchangePtr& exchange, const std::vector<ProjectionStatus>& list) {
    std::string items;
    for (const ProjectionStatus& projection : list) {
        if (!items.empty()) items += ',';
        items += projection_json(projection, exchange->services().log.head());
    }
    exchange->send_json(200, list_json(items, ""));
}

// A follower cannot record that they are read.
void withhold_rows(std::vector<ProjectionStatus>& list) {
    for (ProjectionStatus& projection : list) {
        if (!projection.last || !projection.last->difference) continue;
        projection.last->difference->live.reset();
        projection.last->difference->fresh.reset();
    }
}

}  // namespace

void list_projections(const ExchangePtr& exchange, const Actor& actor) {
    if (auto allowed = admin::needs_admin(*exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    auto list = exchange->services().rebuilds.list();
    if (exchange->services().leader != nullptr) withhold_rows(list);
    const bool shows_rows = std::ranges::any_of(list, [](const ProjectionStatus& projection) {
        return projection.last && projection.last->difference &&
               (projection.last->difference->live || projection.last->difference->fresh);
    });
    if (!shows_rows) return send_list(exchange, list);
    audited_read(exchange, actor, std::nullopt, [exchange, list = std::move(list)] {
        send_list(exchange, list);
    });
}

void rebuild_projection(const ExchangePtr& exchange, const Actor& actor) {
    if (auto allowed = admin::needs_admin(*exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    const auto compare_only = read_compare_only(exchange->request());
    if (!compare_only) return exchange->send_problem(compare_only.error());
    const std::string name(exchange->request().parameter("name"));
    Rebuilds& rebuilds = exchange->services().rebuilds;
    if (!rebuilds.start(name, *compare_only))
        return exchange->send_problem(not_found("There is no projection of this name."));
    // What came of an earlier one is shown by the list.
    ProjectionStatus status = rebuilds.status(name).value_or(ProjectionStatus());
    status.last.reset();
    exchange->send_json(202, projection_json(status, exchange->services().log.head()));
}

}  // namespace verbatim::api::projections
