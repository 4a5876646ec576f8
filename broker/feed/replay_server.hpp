#pragma once

#include "domain/result.hpp"
#include "eventstore/event_log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace verbatim::feed {

struct ReplayOptions {
    std::uint16_t port = 0;         // on 127.0.0.1; 0: any free one
    Position to{};                  // inclusive
    std::optional<double> speed{};  // nullopt: as fast as clients read
    // Pauses last so long at most, as they are replayed.
    std::optional<std::chrono::steady_clock::duration> longest_pause{};
    std::optional<UserId> as{};    // whose feed it is; nullopt: an auditor's
    std::optional<RoomId> room{};  // only its events
    // So many clients must be there before it begins. While none is, it waits; 0: it never does.
    std::size_t clients = 1;
};
struct ReplayFigures {
    Position reached;              // the last event that was replayed
    std::uint64_t events = 0;      // that were sent, or would have been
    std::uint64_t deliveries = 0;  // of them, to all clients together
    std::uint64_t bytes = 0;       // the same
    std::size_t clients = 0;       // that are there
    double seconds = 0;            // since it began
};

// Replays a log's history out of a WebSocket feed: to each client `welcome`, events in order,
// `caught_up`, and a close with 1001 at the end.
//
// All clients see one replay. Who comes later sees it from where it is, or from `?after=`, if it
// has not gone by yet (else 4410). `?room=` and /ws/chat/{room_id} narrow it. A token is neither
// needed nor looked at: it listens on the loopback address only, and takes no page of another
// machine. Nobody falls behind: the replay waits for the slowest client, which gets 4408 when it
// takes nothing for replay_stall_seconds.
//
// Threads:  one. Lifetime: the log outlives it.
class ReplayServer {
public:
    ReplayServer(const EventLog& log, ReplayOptions options);
    ~ReplayServer();
    ReplayServer(const ReplayServer&) = delete;
    ReplayServer& operator=(const ReplayServer&) = delete;

    // Listens. An error is a sentence for people.
    [[nodiscard]] Expected<void, std::string> start();
    // Requires: start() has succeeded.
    [[nodiscard]] std::uint16_t port() const;
    // Replays until the end, or until the descriptor `interrupt` is readable, and waits until the
    // clients have got everything. `progress` is called about ten times a second.
    // Errors: those of reading the log, as a sentence; clients are told 1011 then.
    [[nodiscard]] Expected<ReplayFigures, std::string> run(
        int interrupt, const std::function<void(const ReplayFigures&)>& progress
    );

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace verbatim::feed
