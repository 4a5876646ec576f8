#pragma once

#include "api/exchange.hpp"

// tus 1.0.0 (tus.io/protocols/resumable-upload): core, creation, creation-with-upload, termination,
// checksum, expiration. Chunks have at most limits::upload_chunk_bytes_max bytes. What waits for
// the disk runs in the file pool.
namespace verbatim::api::uploads {

// A command by somebody, as command_route; every answer says Tus-Resumable, and a client that
// speaks another version is told 412.
[[nodiscard]] Handler tus_route(const Services& services, UserRoute route);

void describe_tus(const ExchangePtr& exchange);  // anyone may ask
void create_upload(const ExchangePtr& exchange, const Actor& actor);
void show_upload(const ExchangePtr& exchange, const Actor& actor);
void append_to_upload(const ExchangePtr& exchange, const Actor& actor);
void end_upload(const ExchangePtr& exchange, const Actor& actor);
// POST with X-HTTP-Method-Override, for clients whose network lets no other method through.
void do_as_overridden(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::uploads
