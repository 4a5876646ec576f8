#pragma once

#include "api/exchange.hpp"

// What is derived from the log, for admins: how far it is, and having it made anew.
namespace verbatim::api::projections {

void list_projections(const ExchangePtr& exchange, const Actor& actor);
// 202 at once; the list tells how it goes. With `compare_only` the copy in use stays.
void rebuild_projection(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::projections
