#pragma once

#include "projections/rebuilds.hpp"

#include <string>

namespace verbatim {

// {name, state, schema, position, lag, rebuilt_at, rebuild, last}: as `GET /projections` shows a
// projection. `head`: the log's. Both copies' values of a row that differs are in it.
[[nodiscard]] std::string projection_json(const ProjectionStatus& projection, Position head);
// live, waiting, folding, comparing, exchanging.
[[nodiscard]] std::string_view state_of(const ProjectionStatus& projection);

}  // namespace verbatim
