#pragma once

#include "broker/feed/feed_session.hpp"

// Parts of a session that it holds only for a while. Private to feed_session*.cpp.
namespace verbatim::feed {

struct FeedSession::Handshake {
    beast::flat_buffer buffer;
    std::optional<Parser> parser;
    FeedRequest request;
    std::string address;
};

// A feed that catches up.
struct FeedSession::Resumption {
    std::shared_ptr<CatchUp> catch_up;
    unsigned rounds = 0;
    bool step_is_out = false;  // on the catch-up thread
    bool round_is_over = true;
    // Set when the feed may go on no longer, its session or role having ended: it gets what came up
    // to that event, inclusive, and then this code.
    std::optional<CloseCode> ends_with;
    Position ends_at;
    Position live_from;              // handing_over: H
    std::vector<SharedFrames> held;  // live frames after H
    std::size_t held_bytes = 0;
    std::size_t held_frames = 0;
};

}  // namespace verbatim::feed
