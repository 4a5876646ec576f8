#pragma once

#include "api/exchange.hpp"

// API keys, by which bots and integrations ask: the contract's "Accounts".
namespace verbatim::api::keys {

void create_key(const ExchangePtr& exchange, const Actor& actor);
void list_keys(const ExchangePtr& exchange, const Actor& actor);
void revoke_key(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::keys
