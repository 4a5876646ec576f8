#pragma once

#include "api/exchange.hpp"

// Invite links: the contract's "Rooms".
namespace verbatim::api::invite_links {

void create_link(const ExchangePtr& exchange, const Actor& actor);
void list_links(const ExchangePtr& exchange, const Actor& actor);
void revoke_link(const ExchangePtr& exchange, const Actor& actor);
void join_by_link(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::invite_links
