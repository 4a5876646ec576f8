#pragma once

#include "api/exchange.hpp"
#include "protocol/room_access.hpp"

#include <optional>
#include <string>
#include <string_view>

// What the routes of messages have in common.
namespace verbatim::api::messages {

// A message that the path names, in a room of which the caller is a member and within what it may
// read there. That there is such a message is not said.
struct NamedMessage {
    RoomId room;
    Version seq;
    RoomAccess access;
};
// 404 room_not_found, 403 actor_is_not_member, 403 not_a_member_then.
[[nodiscard]] Answer<NamedMessage> readable_message_in_path(
    const Exchange& exchange, const Actor& actor
);

// `limit`, and which of before, after and around there is, at most one; all may be seen. 422.
[[nodiscard]] Answer<PageRequest> page_request_of(const HttpRequest& request);
// What the page after this one is asked for by; nullopt where there is none. Forwards only where
// the client goes forwards; otherwise it walks back.
struct PageCursor {
    std::string_view name;
    Version seq;
};
[[nodiscard]] std::optional<PageCursor> next_of(PageDirection direction, const TimelinePage& page);

// A command to the room in the path.
void submit_to_room(
    const ExchangePtr& exchange, const Actor& actor, int status, RoomCommand command, Render render
);

// Answers the message as the timeline now shows it, with the receipt where there is one.
void send_message_row(
    const ExchangePtr& exchange, int status, const RoomId& room, Version seq, const Receipt* receipt
);

// list_json() with `my_reactions`.
[[nodiscard]] std::string messages_json(
    std::string_view items, std::string_view next, std::string_view my_reactions
);

}  // namespace verbatim::api::messages
