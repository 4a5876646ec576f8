#pragma once

#include "projections/search_index.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string>

namespace verbatim {

// The contract's search, as a request asks for it.
struct MessageSearch {
    std::string words;
    std::optional<RoomId> room;  // nullopt: all rooms of which the caller is a member
    std::optional<UserId> from;
    std::optional<Position> before;  // exclusive; of a message.sent
    std::optional<Timestamp> since;  // inclusive
    std::optional<Timestamp> until;  // exclusive
    std::size_t limit = 0;
};
struct FoundMessages {
    std::string items;             // the contract's messages, newest first, joined by commas
    std::optional<Position> next;  // the `before` of the next page
};

// Messages that `user` may read, as the timeline shows them now. Words without a letter, digit or
// emoji find nothing. Blocks until it has an answer, soon after `deadline` at the latest.
// Errors: those of member_access() for `room`, 503 search_timed_out, 503 storage_failed.
[[nodiscard]] Answer<FoundMessages> search_messages(
    const Views& views,
    SearchIndex& index,
    const UserId& user,
    const MessageSearch& search,
    SearchReader::Clock::time_point deadline
);

}  // namespace verbatim
