#pragma once

#include "eventstore/event_log.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string>

namespace verbatim {

// The wordings of one message, the first and each edit, oldest first:
// {room_seq, text, mentions, at, by}, joined by commas.
struct HistoryPage {
    std::string items;
    // What to go on after; the page may have fewer than were asked for, even none, and yet not be
    // the last: between two edits there may be any number of reactions.
    std::optional<Version> next;
};
// Those after `after` (the room_seq of an event, exclusive). A deleted message's texts are null and
// its mentions empty. Reads a bounded number of events. Errors: 404 message_not_found.
[[nodiscard]] Answer<HistoryPage> history_page(
    const Views& views,
    const EventLog& log,
    const RoomId& room,
    Version seq,
    Version after,
    std::size_t limit
);

}  // namespace verbatim
