#include "projections/search_fold.hpp"

#include "domain/overloaded.hpp"

#include <utility>

namespace verbatim {
namespace {

IndexedMessage message_of(const RecordedEvent& sent) {
    return {
        .position = sent.position,
        .room = RoomId(sent.stream.id),
        .seq = sent.version,
        .sender = sent.actor,
        .sent_at = sent.occurred_at.value_or(sent.at),
        .text = {}};
}

}  // namespace

StoreResult<void> SearchFold::apply(const RecordedEvent& event) {
    if (const auto* const account = std::get_if<AccountEvent>(&event.event)) {
        if (!std::holds_alternative<ErasureBegun>(*account)) return {};
        return destroy(store_.positions_of(UserId(event.stream.id)));
    }
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    return std::visit(
        Overloaded{
            [&](const MessageSent& e) { return sent(event, e.text); },
            [&](const MessageEdited& e) { return edited(event, e); },
            [&](const MessageDeleted& e) { return deleted(event, e); },
            [&](const ContentsExpired& e) { return expired(event, e.up_to); },
            [](const auto& /*no message's business*/) { return StoreResult<void>(); },
        },
        *room_event
    );
}

StoreResult<void> SearchFold::sent(const RecordedEvent& event, const Text& text) {
    if (!text || text->empty()) return {};
    IndexedMessage message = message_of(event);
    message.text = *text;
    text_bytes_ += text->size();
    return store_.put(message);
}

StoreResult<void> SearchFold::edited(const RecordedEvent& event, const MessageEdited& edit) {
    auto message = take(event, edit.seq);
    if (!message) return failure(message.error());
    if (!edit.text || edit.text->empty()) return {};
    // It had no text before, but attachments.
    if (!*message) message = sent_at(event.stream, edit.seq);
    if (!message) return failure(message.error());
    if (!*message) return {};
    (*message)->text = *edit.text;
    text_bytes_ += edit.text->size();
    return store_.put(**message);
}

StoreResult<void> SearchFold::deleted(const RecordedEvent& event, const MessageDeleted& gone) {
    const auto message = take(event, gone.seq);
    if (!message) return failure(message.error());
    has_destroyed_ |= gone.destroyed && message->has_value();
    return {};
}

StoreResult<void> SearchFold::expired(const RecordedEvent& event, Version up_to) {
    const auto last = log_.position_of(event.stream, up_to);
    if (!last) return failure(last.error());
    // Beyond what the room had then, which is before the event itself.
    return destroy(store_.positions_in(RoomId(event.stream.id), last->value_or(event.position)));
}

StoreResult<void> SearchFold::destroy(const StoreResult<std::vector<Position>>& messages) {
    if (!messages) return failure(messages.error());
    for (const Position position : *messages) {
        const auto taken = store_.take(position);
        if (!taken) return failure(taken.error());
    }
    has_destroyed_ = true;  // words of what was deleted before may still stand there
    return {};
}

StoreResult<std::optional<IndexedMessage>> SearchFold::take(
    const RecordedEvent& event, Version seq
) {
    const auto position = log_.position_of(event.stream, seq);
    if (!position) return failure(position.error());
    if (!*position) return std::optional<IndexedMessage>();
    return store_.take(**position);
}

// The message as it was sent, from the log; nullopt where `seq` is no sending.
StoreResult<std::optional<IndexedMessage>> SearchFold::sent_at(const StreamId& room, Version seq)
    const {
    using Sent = std::optional<IndexedMessage>;
    const auto position = log_.position_of(room, seq);
    if (!position) return failure(position.error());
    if (!*position) return Sent();
    const auto event = log_.read(**position);
    if (!event) return failure(event.error());
    const auto* const room_event = std::get_if<RoomEvent>(&event->event);
    const bool is_sending =
        room_event != nullptr && std::holds_alternative<MessageSent>(*room_event);
    return is_sending ? Sent(message_of(*event)) : Sent();
}

}  // namespace verbatim
