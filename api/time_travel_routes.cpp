#include "api/time_travel_routes.hpp"

#include "api/audited_read.hpp"
#include "api/message_answers.hpp"
#include "projections/json_text.hpp"
#include "protocol/time_travel.hpp"

#include <algorithm>
#include <utility>

namespace verbatim::api::time_travel {

namespace {

constexpr std::string_view as_of_name = "as_of";

// The last position whose log time is not after `time`.
Answer<Position> position_at(const Exchange& exchange, Timestamp time) {
    const Services& services = exchange.services();
    if (time > std::max(services.clock(), services.log.last_at()))
        return failure(invalid_field(std::string(as_of_name), "must not be in the future"));
    const auto later = services.log.first_position_since(Timestamp(time.microseconds() + 1));
    if (!later) return failure(problem_of(later.error()));
    return std::min(Position(later->value() - 1), exchange.views().position());
}

Answer<Position> as_of_in_query(const Exchange& exchange) {
    const std::string& text = *exchange.request().query_value(as_of_name);
    if (const auto time = parse_rfc3339(text)) return position_at(exchange, *time);
    const auto position = parse_number(text);
    if (!position)
        return failure(invalid_field(
            std::string(as_of_name), "must be a position, or a time as RFC 3339 writes it"
        ));
    if (Position(*position) > exchange.views().position())
        return failure(
            invalid_field(std::string(as_of_name), "must not be beyond the last position")
        );
    return Position(*position);
}

// Goes on with the room in the path as it was, for whom it may be shown; says in a header of which
// moment. That an auditor looks is on record first.
template <class GoOn>
void with_past_room(const ExchangePtr& exchange, const Actor& actor, const GoOn& go_on) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto as_of = as_of_in_query(*exchange);
    if (!as_of) return exchange->send_problem(as_of.error());
    const auto past =
        past_room(exchange->views(), exchange->services().log, *room, actor.user, *as_of);
    if (!past) return exchange->send_problem(past.error());
    exchange->add_header("Verbatim-As-Of", std::to_string(as_of->value()));
    if (!past->shows_deleted_since) return go_on(*past);
    audited_read(exchange, actor, *room, [go_on, past = *past] { go_on(past); });
}

std::string next_in_the_past(
    const Exchange& exchange, const PastRoom& past, std::string_view cursor, std::string_view value
) {
    HttpRequest fixed = exchange.request();
    for (auto& [name, text] : fixed.query)
        if (name == as_of_name) text = std::to_string(past.moment.position.value());
    return next_url(fixed, cursor, value);
}

// A page of members or of what belongs to each, by `items_of`.
template <class ItemsOf>
void send_by_user(const ExchangePtr& exchange, const Actor& actor, const ItemsOf& items_of) {
    const HttpRequest& request = exchange->request();
    const auto limit = limit_in_query(request);
    if (!limit) return exchange->send_problem(limit.error());
    const auto after = user_in_query(request, "after");
    if (!after) return exchange->send_problem(after.error());
    with_past_room(
        exchange,
        actor,
        [exchange, items_of, after = after->value_or(UserId()), limit = *limit](const PastRoom& past
        ) {
            const Answer<PastItems> page = items_of(past, after, limit);
            if (!page) return exchange->send_problem(page.error());
            std::string next;
            if (page->next) next = next_in_the_past(*exchange, past, "after", to_text(*page->next));
            exchange->send_json(200, list_json(page->items, next));
        }
    );
}

}  // namespace

bool is_asked(const ExchangePtr& exchange) {
    return exchange->request().query_value(as_of_name) != nullptr;
}

void show_room(const ExchangePtr& exchange, const Actor& actor) {
    with_past_room(exchange, actor, [exchange](const PastRoom& past) {
        auto json = past_room_json(exchange->views(), exchange->services().log, past);
        if (!json) return exchange->send_problem(json.error());
        exchange->send_json(200, std::move(*json));
    });
}

void list_members(const ExchangePtr& exchange, const Actor& actor) {
    const Services& services = exchange->services();
    send_by_user(
        exchange,
        actor,
        [&services](const PastRoom& past, const UserId& after, std::size_t limit) {
            return past_members(services.views, services.log, past, after, limit);
        }
    );
}

void list_receipts(const ExchangePtr& exchange, const Actor& actor) {
    const Services& services = exchange->services();
    send_by_user(
        exchange,
        actor,
        [&services](const PastRoom& past, const UserId& after, std::size_t limit) {
            return past_receipts(services.views, past, after, limit);
        }
    );
}

void list_messages(const ExchangePtr& exchange, const Actor& actor) {
    const auto wanted = messages::page_request_of(exchange->request());
    if (!wanted) return exchange->send_problem(wanted.error());
    with_past_room(
        exchange,
        actor,
        [exchange, user = actor.user, wanted = *wanted](const PastRoom& past) {
            const Services& services = exchange->services();
            const auto page = past_messages(services.views, services.log, past, wanted);
            if (!page) return exchange->send_problem(problem_of(page.error()));
            const auto own = past_reactions_json(services.views, past, page->with_reactions, user);
            if (!own) return exchange->send_problem(own.error());
            std::string next;
            if (const auto cursor = messages::next_of(wanted.direction, *page))
                next = next_in_the_past(
                    *exchange, past, cursor->name, std::to_string(cursor->seq.value())
                );
            exchange->send_json(200, messages::messages_json(page->items, next, *own));
        }
    );
}

}  // namespace verbatim::api::time_travel
