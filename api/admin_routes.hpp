#pragma once

#include "api/exchange.hpp"

// What only admins may: accounts and their roles. Everybody else gets 403 not_allowed.
namespace verbatim::api::admin {

// The problem with which the actor is refused; nothing where it is an admin.
[[nodiscard]] Answer<void> needs_admin(const Exchange& exchange, const Actor& actor);

// By id; with `q` by username, those that begin with it; with `role` those that have it. Erased
// accounts are listed where no `q` is given.
void list_users(const ExchangePtr& exchange, const Actor& actor);
void grant_role(const ExchangePtr& exchange, const Actor& actor);
void revoke_role(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::admin
