#pragma once

#include "domain/room.hpp"
#include "projections/users.hpp"
#include "protocol/request_json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace verbatim::feed {

// What a client says on a feed, checked.
struct Keyed {
    std::optional<std::string> idempotency_key;
    std::string body;  // canonical, as the same request of REST has it: what a key stands for
};
struct InlineAttachment {
    std::string filename;
    std::string content;
};
struct SendFrame {
    RoomId room;
    SendMessage command;
    std::optional<InlineAttachment> attachment;  // to be kept, and added to the command's
    Keyed keyed;                                 // as POST /rooms/{room_id}/messages
};
struct ReadFrame {
    RoomId room;
    Version up_to;
    Keyed keyed;  // as PUT /rooms/{room_id}/read
};
struct TypingFrame {
    RoomId room;
    bool typing = false;
};
struct AuthFrame {
    std::string token;
};
using ClientFrame = std::variant<SendFrame, ReadFrame, TypingFrame, AuthFrame>;

struct ReceivedFrame {
    std::string ref;  // JSON text to echo; empty: there was none
    Answer<ClientFrame> frame;
};
// Any text. `ref` is a string or a number of at most bounds::ref_bytes_max bytes of JSON.
[[nodiscard]] ReceivedFrame read_client_frame(
    std::string_view text, const Users& users, const FindAttachment& find
);

}  // namespace verbatim::feed
