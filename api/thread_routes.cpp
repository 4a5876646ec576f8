// The routes that read more than one room's page: a message's past and replies, and all rooms'
// messages at once.
#include "api/message_answers.hpp"
#include "api/message_routes.hpp"
#include "protocol/message_history.hpp"
#include "protocol/messages_of_user.hpp"

#include <limits>
#include <utility>

namespace verbatim::api::messages {

namespace {

struct Window {
    std::uint64_t after = 0;
    std::size_t limit = 0;
};

Answer<Window> window_of(const HttpRequest& request) {
    const auto limit = limit_in_query(request);
    if (!limit) return failure(limit.error());
    const auto after =
        number_in_query(request, "after", 0, std::numeric_limits<std::uint64_t>::max());
    if (!after) return failure(after.error());
    return Window{.after = after->value_or(0), .limit = *limit};
}

template <class Place>
std::string next_after(const HttpRequest& request, const std::optional<Place>& place) {
    return place ? next_url(request, "after", std::to_string(place->value())) : std::string();
}

}  // namespace

void show_history(const ExchangePtr& exchange, const Actor& actor) {
    const auto named = readable_message_in_path(*exchange, actor);
    if (!named) return exchange->send_problem(named.error());
    const auto window = window_of(exchange->request());
    if (!window) return exchange->send_problem(window.error());
    const auto page = history_page(
        exchange->views(),
        exchange->services().log,
        named->room,
        named->seq,
        Version(window->after),
        window->limit
    );
    if (!page) return exchange->send_problem(page.error());
    exchange->send_json(200, list_json(page->items, next_after(exchange->request(), page->next)));
}

void show_thread(const ExchangePtr& exchange, const Actor& actor) {
    const auto named = readable_message_in_path(*exchange, actor);
    if (!named) return exchange->send_problem(named.error());
    const auto window = window_of(exchange->request());
    if (!window) return exchange->send_problem(window.error());
    const RoomTimeline& timeline = exchange->views().timeline();
    const auto root = timeline.entry(named->room, named->seq);
    if (!root) return exchange->send_problem(problem_of(root.error()));
    if (!*root) return exchange->send_problem(problem_of(Rule::message_not_found));
    auto page = timeline.thread(
        named->room,
        named->seq,
        {.direction = PageDirection::after,
         .anchor = Version(window->after),
         .limit = window->limit,
         .visible = named->access.readable}
    );
    if (!page) return exchange->send_problem(problem_of(page.error()));
    if ((*root)->has_reactions)
        page->with_reactions.insert(page->with_reactions.begin(), named->seq);
    const auto own =
        my_reactions_json(exchange->views(), named->room, page->with_reactions, actor.user);
    if (!own) return exchange->send_problem(own.error());

    const auto next = page->has_later ? std::optional(page->last) : std::nullopt;
    const std::string replies =
        messages_json(page->items, next_after(exchange->request(), next), *own);
    exchange->send_json(200, R"({"root":)" + (*root)->json + "," + replies.substr(1));
}

void list_all_messages(const ExchangePtr& exchange, const Actor& actor) {
    const auto window = window_of(exchange->request());
    if (!window) return exchange->send_problem(window.error());
    const auto page = messages_of_user(
        exchange->views(),
        exchange->services().log,
        actor.user,
        Position(window->after),
        window->limit
    );
    if (!page) return exchange->send_problem(page.error());
    const std::string next = next_after(exchange->request(), page->next);
    exchange->send_json(200, messages_json(page->items, next, page->my_reactions));
}

}  // namespace verbatim::api::messages
