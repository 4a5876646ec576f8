#pragma once

#include "api/exchange.hpp"
#include "api/http.hpp"
#include "api/services.hpp"
#include "protocol/leader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace verbatim::api {

// Hands requests over to the leader and its answers back: what a follower does with commands, with
// uploads, and with the few queries that need the leader's keys. No worker waits meanwhile.
//
// Errors: 503 not_taking_commands (leader_away) when nothing of the request was sent, 503
// outcome_unknown when it was and no answer came.
[[nodiscard]] Handler forwarding_handler(const Services& services);
// The same for one request, which was looked at already. Requires: services().leader.
void forward(const ExchangePtr& exchange);

// What would be handed over, and an answer without its body: for who does so by other ways.
[[nodiscard]] LeaderCall call_of(const Exchange& exchange);
[[nodiscard]] HttpResponse response_of(LeaderReply reply);

// The request as it was sent: path and query, encoded.
[[nodiscard]] std::string target_of(const HttpRequest& request);

}  // namespace verbatim::api
