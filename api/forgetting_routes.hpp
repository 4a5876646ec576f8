#pragma once

#include "api/exchange.hpp"

// Erasure, retention and legal holds.
namespace verbatim::api::forgetting {

void erase_me(const ExchangePtr& exchange, const Actor& actor);
void show_retention(const ExchangePtr& exchange, const Actor& actor);
void set_retention(const ExchangePtr& exchange, const Actor& actor);
void clear_retention(const ExchangePtr& exchange, const Actor& actor);
// Admins only.
void list_holds(const ExchangePtr& exchange, const Actor& actor);
void hold_user(const ExchangePtr& exchange, const Actor& actor);
void hold_room(const ExchangePtr& exchange, const Actor& actor);
void release_user(const ExchangePtr& exchange, const Actor& actor);
void release_room(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::forgetting
