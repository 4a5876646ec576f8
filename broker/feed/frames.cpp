#include "broker/feed/frames.hpp"

#include "domain/invariant.hpp"
#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "protocol/envelope_json.hpp"

#include <cstdint>

namespace verbatim::feed {
namespace {

constexpr std::uint8_t final_fragment = 0x80;
enum class Opcode : std::uint8_t { text = 0x1, close = 0x8, ping = 0x9 };

void append_byte(std::string& out, std::uint64_t byte) {
    out += static_cast<char>(static_cast<std::uint8_t>(byte & 0xff));
}

// RFC 6455 5.2: seven bits of length, or 126 and two bytes, or 127 and eight.
void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_byte(out, final_fragment | static_cast<std::uint8_t>(opcode));
    const std::uint64_t size = payload.size();
    unsigned length_bytes = 0;
    if (size < 126) {
        append_byte(out, size);
    } else if (size <= 0xffff) {
        append_byte(out, 126);
        length_bytes = 2;
    } else {
        append_byte(out, 127);
        length_bytes = 8;
    }
    while (length_bytes > 0) append_byte(out, size >> (8 * --length_bytes));
    out += payload;
}

SharedFrames single_frame(Opcode opcode, std::string_view payload) {
    auto frames = std::make_shared<Frames>();
    frames->bytes.reserve(payload.size() + 10);
    append_frame(frames->bytes, opcode, payload);
    frames->count = 1;
    return frames;
}

void append_member(std::string& out, std::string_view name) {
    out += ",\"";
    out += name;
    out += "\":";
}

}  // namespace

void append_text_frame(std::string& out, std::string_view payload) {
    append_frame(out, Opcode::text, payload);
}

SharedFrames text_frame(std::string_view payload) {
    return single_frame(Opcode::text, payload);
}

void append_event_frame(std::string& out, const RecordedEvent& event) {
    std::string payload;
    payload.reserve(1024);
    payload += R"({"type":"event","event":)";
    append_envelope(payload, event);
    payload += '}';
    append_text_frame(out, payload);
}

SharedFrames event_frame(const RecordedEvent& event) {
    auto frames = std::make_shared<Frames>();
    append_event_frame(frames->bytes, event);
    frames->count = 1;
    return frames;
}

SharedFrames welcome_frame(const Welcome& welcome) {
    std::string payload = R"({"type":"welcome")";
    append_member(payload, "user_id");
    append_json_id(payload, welcome.user);
    append_member(payload, "epoch");
    append_json(payload, std::string_view(epoch_text(welcome.epoch)));
    append_member(payload, "position");
    append_json(payload, welcome.position.value());
    append_member(payload, "heartbeat_seconds");
    append_json(payload, static_cast<std::uint64_t>(welcome.heartbeat_seconds));
    payload += '}';
    return text_frame(payload);
}

SharedFrames caught_up_frame(Position position) {
    std::string payload = R"({"type":"caught_up")";
    append_member(payload, "position");
    append_json(payload, position.value());
    payload += '}';
    return text_frame(payload);
}

SharedFrames typing_frame(const Typing& typing) {
    std::string payload = R"({"type":"typing")";
    append_member(payload, "room_id");
    append_json_id(payload, typing.room);
    append_member(payload, "user_id");
    append_json_id(payload, typing.user);
    append_member(payload, "typing");
    payload += typing.typing ? "true}" : "false}";
    return text_frame(payload);
}

SharedFrames presence_frame(const UserId& user, bool online, Timestamp last_seen_at) {
    std::string payload = R"({"type":"presence")";
    append_member(payload, "user_id");
    append_json_id(payload, user);
    append_member(payload, "online");
    payload += online ? "true" : "false";
    append_member(payload, "last_seen_at");
    append_json(payload, last_seen_at);
    payload += '}';
    return text_frame(payload);
}

SharedFrames receipt_frame(const RoomId& room, const UserId& user, Version up_to) {
    std::string payload = R"({"type":"receipt")";
    append_member(payload, "room_id");
    append_json_id(payload, room);
    append_member(payload, "user_id");
    append_json_id(payload, user);
    append_member(payload, "up_to");
    append_json(payload, up_to.value());
    payload += '}';
    return text_frame(payload);
}

SharedFrames ack_frame(std::string_view ref, const Receipt& receipt) {
    std::string payload = R"({"type":"ack")";
    append_member(payload, "ref");
    payload += ref.empty() ? "null" : ref;
    append_member(payload, "position");
    append_json(payload, receipt.position.value());
    append_member(payload, "room_seq");
    if (receipt.room_seq)
        append_json(payload, receipt.room_seq->value());
    else
        payload += "null";
    payload += '}';
    return text_frame(payload);
}

SharedFrames problem_frame(
    std::string_view ref, const Problem& problem, std::string_view request_id
) {
    return problem_frame(ref, to_json(problem, request_id));
}

SharedFrames problem_frame(std::string_view ref, std::string_view json) {
    std::string payload = R"({"type":"problem")";
    if (!ref.empty()) {
        append_member(payload, "ref");
        payload += ref;
    }
    append_member(payload, "problem");
    payload += json;
    payload += '}';
    return text_frame(payload);
}

SharedFrames close_frame(CloseCode code, std::string_view reason) {
    invariant(reason.size() <= 123, "a control frame's payload is at most 125 bytes");
    std::string payload;
    append_byte(payload, static_cast<std::uint16_t>(code) >> 8);
    append_byte(payload, static_cast<std::uint16_t>(code));
    payload += reason;
    return single_frame(Opcode::close, payload);
}

SharedFrames ping_frame() {
    static const SharedFrames ping = single_frame(Opcode::ping, {});
    return ping;
}

std::string epoch_text(const Uuid& epoch) {
    return base32_text(epoch);
}

}  // namespace verbatim::feed
