#pragma once

#include "broker/feed/close_code.hpp"
#include "domain/ids.hpp"
#include "eventstore/event_record.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/problem.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

// What this node says on a feed: JSON texts in RFC 6455 frames. Server frames are not masked, so
// one frame's bytes serve every receiver.
namespace verbatim::feed {

// One or several whole frames, one after the other, as they go on the wire.
struct Frames {
    std::string bytes;
    std::size_t count = 0;
};
// Immutable and shared by all sockets that it waits for.
using SharedFrames = std::shared_ptr<const Frames>;

// Appends one whole text frame.
void append_text_frame(std::string& out, std::string_view payload);
[[nodiscard]] SharedFrames text_frame(std::string_view payload);

// {"type":"event","event":<envelope>}
void append_event_frame(std::string& out, const RecordedEvent& event);
[[nodiscard]] SharedFrames event_frame(const RecordedEvent& event);

struct Welcome {
    UserId user;
    Uuid epoch;
    Position position;
    std::int64_t heartbeat_seconds = 0;
};
[[nodiscard]] SharedFrames welcome_frame(const Welcome& welcome);
[[nodiscard]] SharedFrames caught_up_frame(Position position);

struct Typing {
    RoomId room;
    UserId user;
    bool typing = false;
};
[[nodiscard]] SharedFrames typing_frame(const Typing& typing);
// `last_seen_at`: when the user came, or when its last feed closed.
[[nodiscard]] SharedFrames presence_frame(const UserId& user, bool online, Timestamp last_seen_at);
[[nodiscard]] SharedFrames receipt_frame(const RoomId& room, const UserId& user, Version up_to);
// `ref`: JSON text as the client sent it; empty: it sent none.
[[nodiscard]] SharedFrames ack_frame(std::string_view ref, const Receipt& receipt);
[[nodiscard]] SharedFrames problem_frame(
    std::string_view ref, const Problem& problem, std::string_view request_id
);
// The same of a problem that another node has told. Requires: `json` is an object.
[[nodiscard]] SharedFrames problem_frame(std::string_view ref, std::string_view json);

// RFC 6455 5.5. Requires: reason of at most 123 bytes.
[[nodiscard]] SharedFrames close_frame(CloseCode code, std::string_view reason);
[[nodiscard]] SharedFrames ping_frame();

// How an epoch is written on the wire.
[[nodiscard]] std::string epoch_text(const Uuid& epoch);

}  // namespace verbatim::feed
