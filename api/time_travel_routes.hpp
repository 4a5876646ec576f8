#pragma once

#include "api/exchange.hpp"

// What the routes of a room answer to `?as_of=`: the room as it was (protocol/time_travel.hpp). A
// `next` carries the position that the question was about, so that all pages are of one moment.
namespace verbatim::api::time_travel {

[[nodiscard]] bool is_asked(const ExchangePtr& exchange);

void show_room(const ExchangePtr& exchange, const Actor& actor);
void list_members(const ExchangePtr& exchange, const Actor& actor);
void list_messages(const ExchangePtr& exchange, const Actor& actor);
void list_receipts(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::time_travel
