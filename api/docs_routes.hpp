#pragma once

#include "api/route_table.hpp"
#include "protocol/problem.hpp"

#include <string>
#include <string_view>

namespace verbatim::api {

// The documents and their pages: what assets() holds, each at its path, and /docs/problems. Anyone
// may read them. A copy may be kept; it is asked for anew each time and answered with 304 where it
// is still good. Those who accept gzip get it.
void add_docs(RouteTable& table);

// What a client does about a problem; "" for a code that is not on the list of problem_codes().
[[nodiscard]] std::string_view advice_about(std::string_view code);

// The page that the `type` of every problem points into: "/docs/problems#<code>".
[[nodiscard]] std::string problem_page();

}  // namespace verbatim::api
