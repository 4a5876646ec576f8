#include "api/search_routes.hpp"

#include "domain/limits.hpp"
#include "projections/json_text.hpp"
#include "protocol/message_search.hpp"
#include "protocol/request_json.hpp"
#include "protocol/text_rules.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace verbatim::api::messages {

namespace {

constexpr std::chrono::milliseconds patience(limits::search_ms_max);

Answer<std::string> words_in_query(const HttpRequest& request) {
    const std::string* words = request.query_value("q");
    if (words == nullptr) return failure(invalid_field("q", "is missing"));
    if (!is_valid_utf8(*words)) return failure(invalid_field("q", "must be UTF-8"));
    if (auto fault = fault_in_length(*words, {1, limits::search_query_characters_max}))
        return failure(invalid_field("q", std::move(*fault)));
    return *words;
}

template <class Id>
Answer<std::optional<Id>> id_in_query(
    const HttpRequest& request, const std::string& name, std::string_view what
) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::optional<Id>();
    const auto id = parse_id<Id>(*text);
    if (!id) return failure(invalid_field(name, "must be " + std::string(what)));
    return id;
}

Answer<std::optional<Timestamp>> time_in_query(
    const HttpRequest& request, const std::string& name
) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::optional<Timestamp>();
    const auto time = parse_rfc3339(*text);
    if (!time) return failure(invalid_field(name, "must be a time as in RFC 3339"));
    return time;
}

Answer<MessageSearch> search_of(const HttpRequest& request) {
    auto words = words_in_query(request);
    if (!words) return failure(words.error());
    const auto room = id_in_query<RoomId>(request, "room_id", "a room's id");
    if (!room) return failure(room.error());
    const auto from = id_in_query<UserId>(request, "from", "a user's id");
    if (!from) return failure(from.error());
    const auto before =
        number_in_query(request, "before", 0, std::numeric_limits<std::uint64_t>::max());
    if (!before) return failure(before.error());
    const auto since = time_in_query(request, "since");
    if (!since) return failure(since.error());
    const auto until = time_in_query(request, "until");
    if (!until) return failure(until.error());
    const auto limit = limit_in_query(request);
    if (!limit) return failure(limit.error());
    MessageSearch search{
        .words = *std::move(words),
        .room = *room,
        .from = *from,
        .before = std::nullopt,
        .since = *since,
        .until = *until,
        .limit = *limit};
    if (*before) search.before = Position(**before);
    return search;
}

void send_page(const ExchangePtr& exchange, const Answer<FoundMessages>& found) {
    if (!found) return exchange->send_problem(found.error());
    const std::string next =
        found->next ? next_url(exchange->request(), "before", std::to_string(found->next->value()))
                    : std::string();
    exchange->send_json(200, list_json(found->items, next));
}

void search_in_pool(const ExchangePtr& exchange, const UserId& user, MessageSearch search) {
    const bool taken =
        exchange->services().search_pool.submit([exchange, user, search = std::move(search)] {
            auto found = search_messages(
                exchange->views(),
                exchange->services().search,
                user,
                search,
                exchange->begun() + patience
            );
            exchange->resume([exchange, found = std::move(found)] { send_page(exchange, found); });
        });
    if (taken) return;
    exchange->resume([exchange] {
        exchange->send_problem(http_problem(503, "Too many searches are waiting."));
    });
}

}  // namespace

void search(const ExchangePtr& exchange, const Actor& actor) {
    const auto allowed = within_limit(*exchange, Limiter::searches_per_user, actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    auto wanted = search_of(exchange->request());
    if (!wanted) return exchange->send_problem(wanted.error());
    const auto shown = min_position_of(exchange->request());
    if (!shown) return exchange->send_problem(shown.error());
    const Services& services = exchange->services();
    if (shown->value_or(Position()) <= services.search.position())
        return search_in_pool(exchange, actor.user, *std::move(wanted));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        exchange->begun() + patience - std::chrono::steady_clock::now()
    );
    services.search_waiters.wait(
        **shown,
        std::max(left, std::chrono::milliseconds(0)),
        [exchange, user = actor.user, search = *std::move(wanted)](bool is_shown) {
            if (is_shown) return search_in_pool(exchange, user, search);
            exchange->resume([exchange] { exchange->send_problem(behind()); });
        }
    );
}

}  // namespace verbatim::api::messages
