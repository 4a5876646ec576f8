#include "api/mark_routes.hpp"

#include "api/message_answers.hpp"
#include "domain/limits.hpp"
#include "protocol/emoji.hpp"

#include <utility>

namespace verbatim::api::marks {

namespace {

Answer<std::string> emoji_in_path(const HttpRequest& request) {
    const std::string_view emoji = request.parameter("emoji");
    if (is_emoji(emoji)) return std::string(emoji);
    return failure(invalid_field(
        "emoji",
        "must be one emoji of at most " + std::to_string(limits::emoji_bytes_max) + " bytes"
    ));
}

// A member who came later neither sees nor marks what `since_join` keeps from it. Whoever is no
// member is told so by the rules, which know of the room.
Answer<void> unless_hidden(const Exchange& exchange, const UserId& user, Version seq) {
    const auto room = room_in_path(exchange.request());
    if (!room) return failure(room.error());
    const auto access = room_access(exchange.views(), *room, user);
    if (!access) return failure(access.error());
    if (access->membership && !may_read(*access, seq)) return failure(not_a_member_then());
    return {};
}

// The message with the receipt. Of a replayed success whose caller may not read it any more: the
// receipt alone.
Render render_message(Version seq, UserId user) {
    return [seq, user](const ExchangePtr& exchange, const Accepted& accepted) {
        const RoomId room(accepted.stream.id);
        const Receipt receipt = receipt_of(accepted);
        const auto access = room_access(exchange->views(), room, user);
        if (!access || !may_read(*access, seq))
            return exchange->send_json(200, with_receipt("{}", receipt));
        messages::send_message_row(exchange, 200, room, seq, &receipt);
    };
}

Render render_room(UserId user) {
    return [user](const ExchangePtr& exchange, const Accepted& accepted) {
        const auto access = room_access(exchange->views(), RoomId(accepted.stream.id), user);
        if (!access) return exchange->send_problem(access.error());
        auto json = room_json(exchange->views(), *access, user);
        if (!json) return exchange->send_problem(json.error());
        exchange->send_json(200, with_receipt(std::move(*json), receipt_of(accepted)));
    };
}

}  // namespace

void add_reaction(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    auto emoji = emoji_in_path(exchange->request());
    if (!emoji) return exchange->send_problem(emoji.error());
    const auto visible = unless_hidden(*exchange, actor.user, *seq);
    if (!visible) return exchange->send_problem(visible.error());
    AddReaction command{.seq = *seq, .emoji = *std::move(emoji)};
    messages::submit_to_room(
        exchange, actor, 200, std::move(command), render_message(*seq, actor.user)
    );
}

void remove_reaction(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    auto emoji = emoji_in_path(exchange->request());
    if (!emoji) return exchange->send_problem(emoji.error());
    RemoveReaction command{.seq = *seq, .emoji = *std::move(emoji)};
    messages::submit_to_room(exchange, actor, 204, std::move(command), render_empty);
}

void pin_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    messages::submit_to_room(exchange, actor, 200, PinMessage{*seq}, render_room(actor.user));
}

void unpin_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    messages::submit_to_room(exchange, actor, 204, UnpinMessage{*seq}, render_empty);
}

}  // namespace verbatim::api::marks
