#pragma once

#include "api/route_table.hpp"
#include "api/services.hpp"

namespace verbatim::api {

// Every route there is. `services` must outlive the table.
[[nodiscard]] RouteTable make_routes(const Services& services);

}  // namespace verbatim::api
