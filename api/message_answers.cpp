#include "api/message_answers.hpp"

#include <utility>

namespace verbatim::api::messages {

Answer<NamedMessage> readable_message_in_path(const Exchange& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange.request());
    if (!room) return failure(room.error());
    const auto seq = seq_in_path(exchange.request());
    if (!seq) return failure(seq.error());
    auto access = member_access(exchange.views(), *room, actor.user);
    if (!access) return failure(std::move(access).error());
    if (!may_read(*access, *seq)) return failure(not_a_member_then());
    return NamedMessage{.room = *room, .seq = *seq, .access = *std::move(access)};
}

void submit_to_room(
    const ExchangePtr& exchange, const Actor& actor, int status, RoomCommand command, Render render
) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = std::move(command),
         .actor = actor.user,
         .status = status},
        std::move(render)
    );
}

void send_message_row(
    const ExchangePtr& exchange, int status, const RoomId& room, Version seq, const Receipt* receipt
) {
    auto json = exchange->views().timeline().message(room, seq);
    if (!json) return exchange->send_problem(problem_of(json.error()));
    if (!*json) return exchange->send_problem(problem_of(Rule::message_not_found));
    std::string body = std::move(**json);
    if (receipt != nullptr) body = with_receipt(std::move(body), *receipt);
    exchange->send_json(status, std::move(body));
}

std::string messages_json(
    std::string_view items, std::string_view next, std::string_view my_reactions
) {
    std::string body = list_json(items, next);
    body.pop_back();
    body += R"(,"my_reactions":)";
    body += my_reactions;
    body += '}';
    return body;
}

}  // namespace verbatim::api::messages
