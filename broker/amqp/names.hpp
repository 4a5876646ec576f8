#pragma once

#include "domain/ids.hpp"

#include <string>
#include <string_view>

// What stands on the broker: docs/replication.md. Names of one log hold its epoch, so that several
// logs may share a vhost.
namespace verbatim::amqp {

inline constexpr std::string_view delivery_content_type = "application/vnd.verbatim.delivery";
inline constexpr std::string_view envelope_exchange = "verbatim.events";

// Fan-out, durable: deliveries of the leader. Each follower binds a queue of its own.
[[nodiscard]] std::string log_exchange(const Uuid& epoch);
// Fan-out, durable: signals between all nodes.
[[nodiscard]] std::string signal_exchange(const Uuid& epoch);
// Exclusive to the connection of the node that leads.
[[nodiscard]] std::string leader_queue(const Uuid& epoch);

}  // namespace verbatim::amqp
