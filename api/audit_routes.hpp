#pragma once

#include "api/exchange.hpp"

// The contract's "Replay and audit": the signed tree, proofs from it, and the events themselves.
namespace verbatim::api::audit {

void show_checkpoint(const ExchangePtr& exchange);
void show_key(const ExchangePtr& exchange);
void prove_inclusion(const ExchangePtr& exchange, const Actor& actor);
void prove_consistency(const ExchangePtr& exchange, const Actor& actor);
// Where each epoch after the first began: the records that say so, as the tree has them.
void list_epochs(const ExchangePtr& exchange, const Actor& actor);
void prove_message(const ExchangePtr& exchange, const Actor& actor);
// Every event, in pages or, as application/x-ndjson, in one stream. A page may hold fewer events
// than its limit, or none, and yet have a `next`: then it looked at as many as it may.
void list_events(const ExchangePtr& exchange, const Actor& actor);
// A room's own, as the caller may see them.
void list_room_events(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::audit
