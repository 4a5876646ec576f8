#pragma once

#include "api/http.hpp"
#include "api/password_pool.hpp"
#include "api/position_waiters.hpp"
#include "api/search_pool.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "eventstore/event_log.hpp"
#include "projections/rebuilds.hpp"
#include "projections/search_index.hpp"
#include "projections/views.hpp"
#include "protocol/audit_reads.hpp"
#include "protocol/authenticator.hpp"
#include "protocol/command_key.hpp"
#include "protocol/leader.hpp"
#include "protocol/metrics.hpp"
#include "protocol/rate_limits.hpp"
#include "protocol/tokens.hpp"
#include "protocol/uploads.hpp"
#include "protocol/work_pool.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace verbatim::api {

// What the routes work with; made by app/node, which outlives the server.
struct Services {
    const EventLog& log;
    const Views& views;
    Sequencer& sequencer;
    const Tokens& tokens;
    const Authenticator& authenticator;
    AuditReads& audit_reads;
    const CommandKeys& command_keys;
    RateLimits& rate_limits;
    PasswordPool& passwords;
    PositionWaiters& waiters;
    SearchIndex& search;
    SearchPool& search_pool;
    Rebuilds& rebuilds;
    PositionWaiters& search_waiters;  // for positions that the search index shows
    Uploads& uploads;
    WorkPool& file_pool;  // for what waits for the disk
    const Metrics& metrics;
    std::function<Timestamp()> clock;
    std::function<Uuid()> new_uuid;  // UUIDv7; from any thread
    // The client's address: the peer's, or X-Forwarded-For's behind a trusted proxy.
    std::function<std::string(const HttpRequest&)> client_address;
    // Tells the other members' feeds that somebody types. Never logged.
    std::function<void(const RoomId&, const UserId&, bool)> typing;
    // Whether somebody has a feed open; from any thread.
    std::function<bool(const UserId&)> online;
    // The newest signed tree head that covers a position, told by any thread as soon as there is
    // one, at most after limits::min_position_wait_ms and a second; nullopt: there is none.
    std::function<void(Position, std::function<void(std::optional<SignedTreeHead>)>)> tree_head;
    std::string verifier_key;  // the log's, as C2SP writes it
    // Where the feed is, for pages: its public address where one was configured, else "", and its
    // port on this host; 0 while it is not open.
    std::string feed_url;
    std::function<std::uint16_t()> feed_port;
    // How it is with the broker that tells other nodes; nullopt: none is configured.
    std::function<std::optional<std::string>()> broker_state;
    // On a follower, whom commands are handed over to; nullptr on a leader.
    Leader* leader = nullptr;
    std::optional<std::uint32_t> retention_days;  // of rooms that say nothing; nullopt: for ever
    // Why this node is not ready, or nullopt. Open commands and queries are refused till then.
    std::function<std::optional<std::string>()> not_ready;
};

}  // namespace verbatim::api
