#pragma once

#include "api/route_table.hpp"
#include "api/services.hpp"

namespace verbatim::api {

// The web client at /, the log explorer at /audit, what they are made of below /web/, and
// /web/settings.json, which tells them where the feed is. Anyone may read them: they ask for
// everything else with the tokens of whoever signs in. `services` must outlive the table.
void add_web(RouteTable& table, const Services& services);

}  // namespace verbatim::api
