#pragma once

#include "api/exchange.hpp"

// What members put on messages: reactions and pins.
namespace verbatim::api::marks {

void add_reaction(const ExchangePtr& exchange, const Actor& actor);
void remove_reaction(const ExchangePtr& exchange, const Actor& actor);
void pin_message(const ExchangePtr& exchange, const Actor& actor);
void unpin_message(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::marks
