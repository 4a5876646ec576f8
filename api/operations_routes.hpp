#pragma once

#include "api/exchange.hpp"

// The contract's "Operations", and the key set by which others check our tokens.
namespace verbatim::api::operations {

void is_alive(const ExchangePtr& exchange);
void is_ready(const ExchangePtr& exchange);
void show_metrics(const ExchangePtr& exchange);
void show_limits(const ExchangePtr& exchange);
void show_jwks(const ExchangePtr& exchange);

}  // namespace verbatim::api::operations
