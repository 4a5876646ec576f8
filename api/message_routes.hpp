#pragma once

#include "api/exchange.hpp"

// The contract's "Messages".
namespace verbatim::api::messages {

void send_message(const ExchangePtr& exchange, const Actor& actor);
void list_messages(const ExchangePtr& exchange, const Actor& actor);
void show_message(const ExchangePtr& exchange, const Actor& actor);
void show_history(const ExchangePtr& exchange, const Actor& actor);
void show_thread(const ExchangePtr& exchange, const Actor& actor);
void list_all_messages(const ExchangePtr& exchange, const Actor& actor);
void edit_message(const ExchangePtr& exchange, const Actor& actor);
void delete_message(const ExchangePtr& exchange, const Actor& actor);
void mark_read(const ExchangePtr& exchange, const Actor& actor);
void list_receipts(const ExchangePtr& exchange, const Actor& actor);
void tell_typing(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::messages
