#include "broker/feed/client_frames.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "protocol/base64.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace verbatim::feed {
namespace {

using Json = nlohmann::json;

Answer<std::string> read_ref(const Json& frame) {
    const auto ref = frame.find("ref");
    if (ref == frame.end() || ref->is_null()) return std::string();
    if (!ref->is_string() && !ref->is_number())
        return failure(invalid_field("ref", "a string or a number"));
    std::string text = ref->dump();
    if (text.size() > bounds::ref_bytes_max)
        return failure(invalid_field("ref", "at most 128 bytes of JSON"));
    return text;
}

Answer<RoomId> read_room(const Json& frame) {
    const auto room = frame.find("room_id");
    if (room != frame.end() && room->is_string()) {
        if (const auto id = parse_id<RoomId>(room->get_ref<const std::string&>())) return *id;
    }
    return failure(invalid_field("room_id", "the id of a room"));
}

// What the frame has beside the request itself is left out of what its key stands for.
Keyed keyed_by(const Json& frame, std::optional<std::string> key) {
    Json body = frame;
    for (const char* const member : {"type", "ref", "room_id", "idempotency_key"})
        body.erase(member);
    return {.idempotency_key = std::move(key), .body = body.dump()};
}

Answer<Keyed> read_key(const Json& frame) {
    const auto key = frame.find("idempotency_key");
    if (key == frame.end() || key->is_null()) return Keyed();
    if (key->is_string()) {
        const auto& text = key->get_ref<const std::string&>();
        const bool is_visible =
            std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
        if (is_visible && !text.empty() && text.size() <= limits::idempotency_key_characters_max)
            return keyed_by(frame, text);
    }
    return failure(invalid_field("idempotency_key", "1 to 128 visible ASCII characters"));
}

// `media_type` is not looked at: it is read from the bytes.
Answer<std::optional<InlineAttachment>> read_attachment(const Json& frame) {
    const auto member = frame.find("attachment");
    if (member == frame.end() || member->is_null()) return std::optional<InlineAttachment>();
    const auto wrong = [](const char* why) { return failure(invalid_field("attachment", why)); };
    if (!member->is_object()) return wrong("an object with filename and content_base64");
    const auto content = member->find("content_base64");
    if (content == member->end() || !content->is_string()) return wrong("without content_base64");
    auto bytes = parse_base64(content->get_ref<const std::string&>());
    if (!bytes) return wrong("content_base64 is not base64");
    if (bytes->size() > limits::inline_attachment_bytes_max)
        return wrong("at most 1 MiB; larger files are uploaded");
    const auto named = member->find("filename");
    if (named != member->end() && !named->is_null() && !named->is_string())
        return wrong("filename is a text");
    const bool has_name = named != member->end() && named->is_string();
    auto filename = read_filename(has_name ? named->get_ref<const std::string&>() : "");
    if (!filename) return failure(std::move(filename).error());
    return std::optional(InlineAttachment{*std::move(filename), *std::move(bytes)});
}

Answer<ClientFrame> read_send(const Json& frame, const Users& users, const FindAttachment& find) {
    const auto room = read_room(frame);
    if (!room) return failure(room.error());
    auto key = read_key(frame);
    if (!key) return failure(key.error());
    auto attachment = read_attachment(frame);
    if (!attachment) return failure(std::move(attachment).error());
    auto command = read_send_message(frame, users, find, *attachment ? 1 : 0);
    if (!command) return failure(command.error());
    return ClientFrame(SendFrame{
        .room = *room,
        .command = std::move(*command),
        .attachment = *std::move(attachment),
        .keyed = std::move(*key)});
}

Answer<ClientFrame> read_read(const Json& frame) {
    const auto room = read_room(frame);
    if (!room) return failure(room.error());
    const auto up_to = read_up_to(frame);
    if (!up_to) return failure(up_to.error());
    auto key = read_key(frame);
    if (!key) return failure(key.error());
    return ClientFrame(ReadFrame{.room = *room, .up_to = *up_to, .keyed = std::move(*key)});
}

Answer<ClientFrame> read_typing_frame(const Json& frame) {
    const auto room = read_room(frame);
    if (!room) return failure(room.error());
    const auto typing = read_typing(frame);
    if (!typing) return failure(typing.error());
    return ClientFrame(TypingFrame{.room = *room, .typing = *typing});
}

Answer<ClientFrame> read_auth(const Json& frame) {
    const auto token = frame.find("token");
    if (token == frame.end() || !token->is_string())
        return failure(invalid_field("token", "an access token"));
    return ClientFrame(AuthFrame{.token = token->get<std::string>()});
}

Answer<ClientFrame> read_frame(const Json& frame, const Users& users, const FindAttachment& find) {
    const auto type = frame.find("type");
    if (type != frame.end() && type->is_string()) {
        const auto& name = type->get_ref<const std::string&>();
        if (name == "send") return read_send(frame, users, find);
        if (name == "read") return read_read(frame);
        if (name == "typing") return read_typing_frame(frame);
        if (name == "auth") return read_auth(frame);
    }
    return failure(invalid_field("type", "send, read, typing or auth"));
}

}  // namespace

ReceivedFrame read_client_frame(
    std::string_view text, const Users& users, const FindAttachment& find
) {
    // An empty body is an empty object to REST; an empty frame says nothing.
    if (text.empty()) return {.ref = {}, .frame = failure(not_json("an empty frame"))};
    const auto frame = parse_object(text);
    if (!frame) return {.ref = {}, .frame = failure(frame.error())};
    auto ref = read_ref(*frame);
    if (!ref) return {.ref = {}, .frame = failure(ref.error())};
    return {.ref = std::move(*ref), .frame = read_frame(*frame, users, find)};
}

}  // namespace verbatim::feed
