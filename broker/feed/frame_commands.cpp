#include "broker/feed/frame_commands.hpp"

#include "domain/type_id.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace verbatim::feed {
namespace {

std::optional<CommandKey> key_of(
    const Keyed& keyed,
    const CommandKeys& keys,
    const UserId& user,
    std::string_view method_and_target,
    std::uint16_t status  // of its success
) {
    if (!keyed.idempotency_key) return std::nullopt;
    return keys.make(user, *keyed.idempotency_key, method_and_target, keyed.body, status);
}

}  // namespace

Submission submission_of(
    SendFrame frame, const UserId& user, CommandId id, const CommandKeys& keys
) {
    constexpr std::uint16_t created = 201;
    const std::string target = "POST /api/v1/rooms/" + to_text(frame.room) + "/messages";
    return {
        .stream = stream_of(frame.room),
        .command = RoomCommand(std::move(frame.command)),
        .actor = user,
        .id = id,
        .key = key_of(frame.keyed, keys, user, target, created),
        .if_match = {},
        .occurred_at = {}};
}

Submission submission_of(
    const ReadFrame& frame, const UserId& user, CommandId id, const CommandKeys& keys
) {
    constexpr std::uint16_t ok = 200;
    const std::string target = "PUT /api/v1/rooms/" + to_text(frame.room) + "/read";
    return {
        .stream = reader_stream_of(user),
        .command = ReaderCommand(MarkRead{.room = frame.room, .up_to = frame.up_to}),
        .actor = user,
        .id = id,
        .key = key_of(frame.keyed, keys, user, target, ok),
        .if_match = {},
        .occurred_at = {}};
}

Answer<void> store_attachment(Uploads& uploads, const UserId& user, SendFrame& frame) {
    const std::string bytes = std::move(frame.attachment->content);
    auto stored = uploads.store(
        {.owner = user,
         .length = bytes.size(),
         .filename = std::move(frame.attachment->filename),
         .metadata = {}},
        bytes
    );
    if (!stored) return failure(std::move(stored.error()));
    frame.command.attachments.push_back(*std::move(stored));
    return {};
}

}  // namespace verbatim::feed
