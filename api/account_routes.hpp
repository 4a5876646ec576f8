#pragma once

#include "api/exchange.hpp"

// The contract's "Accounts".
namespace verbatim::api::accounts {

void register_user(const ExchangePtr& exchange);
void find_users(const ExchangePtr& exchange, const Actor& actor);
void show_user(const ExchangePtr& exchange, const Actor& actor);
void show_me(const ExchangePtr& exchange, const Actor& actor);
void rename_me(const ExchangePtr& exchange, const Actor& actor);
void change_password(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::accounts

namespace verbatim::api::sessions {

void open_session(const ExchangePtr& exchange);
void refresh_session(const ExchangePtr& exchange);
void list_sessions(const ExchangePtr& exchange, const Actor& actor);
void close_current(const ExchangePtr& exchange, const Actor& actor);
void close_session(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::sessions
