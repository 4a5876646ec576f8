#pragma once

#include "api/route_table.hpp"
#include "api/services.hpp"
#include "protocol/node_secret.hpp"

namespace verbatim {

// POST /internal/frames: a client's frame, `send` or `read`, that a follower's feed hands over as
// it was said. The client's token stands in Authorization, the node secret in Verbatim-Node.
// Answers 204 with the receipt in Verbatim-Position and Verbatim-Room-Seq, or the problem. What is
// given must outlive the server.
void add_frame_route(
    api::RouteTable& table, const api::Services& services, const NodeSecret& secret
);

// Whether the request comes from a node that knows `secret`.
[[nodiscard]] bool is_from_node(const api::HttpRequest& request, const NodeSecret& secret);

}  // namespace verbatim
