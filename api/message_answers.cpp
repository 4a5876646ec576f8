#include "api/message_answers.hpp"

#include <limits>
#include <utility>

namespace verbatim::api::messages {

Answer<PageRequest> page_request_of(const HttpRequest& request) {
    const auto limit = limit_in_query(request);
    if (!limit) return failure(limit.error());
    PageRequest page{
        .direction = PageDirection::newest, .anchor = {}, .limit = *limit, .visible = {}};
    const std::pair<std::string_view, PageDirection> cursors[] = {
        {"before", PageDirection::before},
        {"after", PageDirection::after},
        {"around", PageDirection::around}};
    for (const auto& [name, direction] : cursors) {
        const auto anchor =
            number_in_query(request, name, 0, std::numeric_limits<std::uint64_t>::max());
        if (!anchor) return failure(anchor.error());
        if (!*anchor) continue;
        if (page.direction != PageDirection::newest)
            return failure(invalid_field(std::string(name), "only one of before, after and around")
            );
        page.direction = direction;
        page.anchor = Version(**anchor);
    }
    return page;
}

std::optional<PageCursor> next_of(PageDirection direction, const TimelinePage& page) {
    if (direction == PageDirection::after) {
        if (!page.has_later) return std::nullopt;
        return PageCursor{.name = "after", .seq = page.last};
    }
    if (!page.has_earlier) return std::nullopt;
    return PageCursor{.name = "before", .seq = page.first};
}

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
