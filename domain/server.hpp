#pragma once

#include "domain/account_events.hpp"
#include "domain/decision.hpp"

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <variant>

// What concerns the whole server and neither one account nor one room: legal holds, and the
// beginning of each epoch after the first. Seen by auditors only.
namespace verbatim {

// Until it is lifted, nothing of the user or room is erased or expires.
struct HoldSet {
    std::optional<UserId> user;  // either this
    std::optional<RoomId> room;  // or that
    Text reason;
    friend bool operator==(const HoldSet&, const HoldSet&) = default;
};
struct HoldLifted {
    std::optional<UserId> user;
    std::optional<RoomId> room;
    friend bool operator==(const HoldLifted&, const HoldLifted&) = default;
};

enum class EpochCause : std::uint8_t { restored, loss_accepted };

// Positions after `kept_to` may once have been others, of an epoch that is over: cursors into it
// are no longer known.
struct EpochBegun {
    EpochCause cause = EpochCause::restored;
    Uuid previous;                    // the epoch before
    Position kept_to;                 // the last position that both have
    std::optional<Position> lost_to;  // the last that is known to have been, where any is missing
    friend bool operator==(const EpochBegun&, const EpochBegun&) = default;
};
using ServerEvent = std::variant<HoldSet, HoldLifted, EpochBegun>;

struct SetHold {
    std::optional<UserId> user;  // exactly one of the two
    std::optional<RoomId> room;
    std::optional<std::string> reason;
};
struct LiftHold {
    std::optional<UserId> user;
    std::optional<RoomId> room;
};
using ServerCommand = std::variant<SetHold, LiftHold>;

struct ServerState {
    std::unordered_set<UserId> held_users;
    std::unordered_set<RoomId> held_rooms;
    friend bool operator==(const ServerState&, const ServerState&) = default;
};

// Who may is the door's to say: no rule here asks for the actor.
[[nodiscard]] Decision<ServerEvent> decide(
    const ServerState& server, const ServerCommand& command, const CommandContext& context
);
[[nodiscard]] ServerState evolve(
    ServerState server, const ServerEvent& event, const EventContext& context
);

// The actor of what no user did: retention, and the completion of what users began.
inline constexpr UserId the_server{};

}  // namespace verbatim
