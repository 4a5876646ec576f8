#pragma once

#include "domain/ids.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::feed {

// What a client asks for when it opens a feed.
struct FeedRequest {
    std::optional<Position> after;
    std::optional<std::string> epoch;
    bool everything = false;
    std::vector<RoomId> rooms;        // ?room=, each once; empty: no filter
    std::optional<RoomId> chat_room;  // /ws/chat/{room_id}
    bool names_no_room = false;       // something that is no room's id where one should be
    std::string token;                // empty: none
    bool offers_bearer = false;       // sub-protocols `bearer, <token>`: to be answered `bearer`
};

// The parts of a handshake that say it. Absent headers are empty.
struct FeedHead {
    std::string_view target;
    std::string_view authorization{};
    std::string_view subprotocols{};
};
// The token is looked for in the header, the query, the sub-protocols, in this order.
// Errors: 404 not_found (no such path), 400 bad_request (a parameter is not what it should be).
[[nodiscard]] Answer<FeedRequest> read_feed_request(const FeedHead& head);

// Whether a page of `origin` (the header of that name; empty: no browser) may open feeds here: one
// of the host that was asked (`host`, the header), whatever the port, or one that is listed; "*"
// lists all.
[[nodiscard]] bool is_welcome_origin(
    std::string_view origin, std::string_view host, const std::vector<std::string>& listed
);

}  // namespace verbatim::feed
