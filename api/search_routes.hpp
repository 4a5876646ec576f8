#pragma once

#include "api/exchange.hpp"

namespace verbatim::api::messages {

// The contract's "Search".
void search(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::messages
