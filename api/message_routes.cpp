#include "api/message_routes.hpp"

#include "api/message_answers.hpp"
#include "api/time_travel_routes.hpp"
#include "protocol/file_access.hpp"
#include "protocol/messages_of_user.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::messages {

namespace {

void render_sent(const ExchangePtr& exchange, const Accepted& accepted) {
    const Receipt receipt = receipt_of(accepted);
    send_message_row(exchange, 201, RoomId(accepted.stream.id), accepted.version, &receipt);
}

}  // namespace

void send_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto allowed = within_limit(*exchange, Limiter::messages_per_user, actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const Views& views = exchange->views();
    const auto find = attachments_of(views, exchange->services().uploads, actor.user);
    auto command = read_send_message(*body, views.users(), find);
    if (!command) return exchange->send_problem(command.error());
    submit_to_room(exchange, actor, 201, std::move(*command), render_sent);
}

void list_messages(const ExchangePtr& exchange, const Actor& actor) {
    if (time_travel::is_asked(exchange)) return time_travel::list_messages(exchange, actor);
    const HttpRequest& request = exchange->request();
    const auto room = room_in_path(request);
    if (!room) return exchange->send_problem(room.error());
    auto wanted = page_request_of(request);
    if (!wanted) return exchange->send_problem(wanted.error());
    auto access = member_access(exchange->views(), *room, actor.user);
    if (!access) return exchange->send_problem(access.error());
    wanted->visible = std::move(access->readable);
    const auto page = exchange->views().timeline().page(*room, *wanted);
    if (!page) return exchange->send_problem(problem_of(page.error()));

    const auto own = my_reactions_json(exchange->views(), *room, page->with_reactions, actor.user);
    if (!own) return exchange->send_problem(own.error());
    const auto cursor = next_of(wanted->direction, *page);
    const std::string next =
        cursor ? next_url(request, cursor->name, std::to_string(cursor->seq.value())) : "";
    exchange->send_json(200, messages_json(page->items, next, *own));
}

void show_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto named = readable_message_in_path(*exchange, actor);
    if (!named) return exchange->send_problem(named.error());
    send_message_row(exchange, 200, named->room, named->seq, nullptr);
}

void edit_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto command = read_edit_message(*body, *seq, exchange->views().users());
    if (!command) return exchange->send_problem(command.error());
    submit_to_room(
        exchange,
        actor,
        200,
        std::move(*command),
        [seq = *seq](const ExchangePtr& edited, const Accepted& accepted) {
            const Receipt receipt = receipt_of(accepted);
            send_message_row(edited, 200, RoomId(accepted.stream.id), seq, &receipt);
        }
    );
}

void delete_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    submit_to_room(exchange, actor, 204, DeleteMessage{*seq}, render_empty);
}

void mark_read(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto up_to = read_up_to(*body);
    if (!up_to) return exchange->send_problem(up_to.error());
    submit(
        exchange,
        {.stream = reader_stream_of(actor.user),
         .command = ReaderCommand(MarkRead{.room = *room, .up_to = *up_to}),
         .actor = actor.user,
         .status = 200},
        [room = *room, user = actor.user](const ExchangePtr& read, const Accepted& accepted) {
            const auto marker = read->views().read_markers().marker(room, user);
            if (!marker) return read->send_problem(problem_of(marker.error()));
            nlohmann::ordered_json answer = {
                {"room_id", to_text(room)}, {"user_id", to_text(user)}, {"up_to", 0}};
            if (*marker) answer["up_to"] = (*marker)->up_to.value();
            read->send_json(200, with_receipt(answer.dump(), receipt_of(accepted)));
        }
    );
}

void list_receipts(const ExchangePtr& exchange, const Actor& actor) {
    if (time_travel::is_asked(exchange)) return time_travel::list_receipts(exchange, actor);
    const HttpRequest& request = exchange->request();
    const auto room = room_in_path(request);
    if (!room) return exchange->send_problem(room.error());
    const auto limit = limit_in_query(request);
    if (!limit) return exchange->send_problem(limit.error());
    const auto after = user_in_query(request, "after");
    if (!after) return exchange->send_problem(after.error());
    const auto access = member_access(exchange->views(), *room, actor.user);
    if (!access) return exchange->send_problem(access.error());
    const auto markers =
        exchange->views().read_markers().markers(*room, after->value_or(UserId()), *limit + 1);
    if (!markers) return exchange->send_problem(problem_of(markers.error()));
    std::string items;
    for (std::size_t i = 0; i < std::min(markers->size(), *limit); ++i) {
        if (i > 0) items += ',';
        items += read_marker_json((*markers)[i]);
    }
    const bool more = markers->size() > *limit;
    exchange->send_json(
        200,
        list_json(
            items, more ? next_url(request, "after", to_text((*markers)[*limit - 1].user)) : ""
        )
    );
}

void tell_typing(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto typing = read_typing(*body);
    if (!typing) return exchange->send_problem(typing.error());
    const auto access = member_access(exchange->views(), *room, actor.user);
    if (!access) return exchange->send_problem(access.error());
    exchange->services().typing(*room, actor.user, *typing);
    exchange->send_empty(202);
}

}  // namespace verbatim::api::messages
