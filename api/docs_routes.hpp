#pragma once

#include "api/route_table.hpp"
#include "protocol/problem.hpp"

#include <string>
#include <string_view>

namespace verbatim::api {

// The documents and their pages, /docs/problems among them. Anyone may read them.
void add_docs(RouteTable& table);

// What a client does about a problem; "" for a code that is not on the list of problem_codes().
[[nodiscard]] std::string_view advice_about(std::string_view code);

// The page that the `type` of every problem points into: "/docs/problems#<code>".
[[nodiscard]] std::string problem_page();

}  // namespace verbatim::api
