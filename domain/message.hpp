#pragma once

#include "domain/decision.hpp"
#include "domain/room_events.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace verbatim {

// What rules need to know of one message: folded from its message.sent and the events that name it.
struct Message {
    enum class Phase : std::uint8_t { unsent, live, deleted };

    Phase phase = Phase::unsent;
    UserId sender;
    std::size_t edits = 0;  // 0 once it is deleted, as are those below
    std::map<std::string, std::set<UserId>> reactions{};  // who reacted with which emoji
    std::size_t reaction_count = 0;                       // over all emoji

    friend bool operator==(const Message&, const Message&) = default;
};

// Folds a room event that is this message's sending or names this message. Total.
[[nodiscard]] Message evolve(Message message, const RoomEvent& event, const EventContext& context);

// The message that an event names (edited, deleted, …), if any; its sending names none.
[[nodiscard]] std::optional<Version> message_named_by(const RoomEvent& event);

}  // namespace verbatim
