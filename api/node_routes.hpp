#pragma once

#include "api/route_table.hpp"
#include "api/services.hpp"
#include "protocol/node_secret.hpp"
#include "protocol/work_pool.hpp"

#include <functional>

namespace verbatim::api {

// What the nodes of one log may ask each other.
struct NodeAccess {
    NodeSecret secret;
    Uuid instance;                // of this process, in every delivery
    std::function<bool()> leads;  // what a node that does not has committed is nobody's to follow
    WorkPool& pages;              // reads pages of the log, limits::log_pages_at_once_max at a time
};

// Adds /internal/*, which is for nodes alone: without the secret, 401. A node that has none
// configured does not have these paths; one that does not lead its log answers 503
// `not_the_leader`. docs/replication.md describes them; the OpenAPI document,
// which is for clients, does not. Rate limits don't apply.
// `services` and `access` must outlive the server.
void add_node_routes(RouteTable& table, const Services& services, const NodeAccess& access);

}  // namespace verbatim::api
