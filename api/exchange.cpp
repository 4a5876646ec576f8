#include "api/exchange.hpp"

#include "api/http_text.hpp"
#include "domain/limits.hpp"
#include "projections/json_text.hpp"
#include "protocol/command_key.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api {

namespace {

Answer<Actor> actor_of(const Exchange& exchange) {
    const Services& services = exchange.services();
    if (auto reason = services.not_ready()) return failure(not_ready(std::move(*reason)));
    return services.authenticator.authenticate(bearer_token(exchange.request()), services.clock());
}

Answer<std::optional<CommandKey>> key_of(const Exchange& exchange, const CommandRequest& command) {
    const HttpRequest& request = exchange.request();
    const std::string* key = request.header("idempotency-key");
    if (key == nullptr) return std::optional<CommandKey>();
    const bool visible =
        std::all_of(key->begin(), key->end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (key->empty() || key->size() > limits::idempotency_key_characters_max || !visible)
        return failure(invalid_field("Idempotency-Key", "must be 1 to 128 visible ASCII characters")
        );
    const std::string target = std::string(method_name(request.method)) + " " + request.path;
    return std::optional(exchange.services().command_keys.make(
        command.actor,
        *key,
        target,
        canonical_body(request.body),
        static_cast<std::uint16_t>(command.status)
    ));
}

// If-Match: "<room_seq>" (RFC 9110 13.1.1); `*` asks for nothing that a command does not ask for.
Answer<std::optional<Version>> if_match_of(const HttpRequest& request) {
    const std::string* header = request.header("if-match");
    if (header == nullptr || *header == "*") return std::optional<Version>();
    const std::string_view tag = *header;
    if (tag.size() >= 3 && tag.front() == '"' && tag.back() == '"')
        if (const auto seq = parse_number(tag.substr(1, tag.size() - 2)))
            return std::optional(Version(*seq));
    return failure(bad_request("If-Match must be \"<room_seq>\", quotes included"));
}

void add_receipt_headers(const ExchangePtr& exchange, const Accepted& accepted) {
    const Receipt receipt = receipt_of(accepted);
    exchange->add_header("Verbatim-Position", std::to_string(receipt.position.value()));
    if (receipt.room_seq)
        exchange->add_header("Verbatim-Room-Seq", std::to_string(receipt.room_seq->value()));
    if (accepted.replayed) exchange->add_header("Idempotency-Replayed", "true");
}

void answer_query(const ExchangePtr& exchange, UserRoute route) {
    const auto actor = actor_of(*exchange);
    if (!actor) return exchange->send_problem(actor.error());
    const auto allowed = needs_scope(*actor, KeyScope::read);
    if (!allowed) return exchange->send_problem(allowed.error());
    route(exchange, *actor);
}

// What a kind of command takes besides an authentic actor.
using Requirement = Answer<void> (*)(const Actor&);

void take_command(const ExchangePtr& exchange, Requirement requirement, UserRoute route) {
    const auto actor = actor_of(*exchange);
    if (!actor) return exchange->send_problem(actor.error());
    const auto entitled = requirement(*actor);
    if (!entitled) return exchange->send_problem(entitled.error());
    const auto allowed = within_limit(*exchange, Limiter::commands_per_user, *actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    route(exchange, *actor);
}

Handler command_handler(const Services& services, Requirement requirement, UserRoute route) {
    return [&services, requirement, route](auto request, auto responder) {
        take_command(
            std::make_shared<Exchange>(services, std::move(request), std::move(responder)),
            requirement,
            route
        );
    };
}

// Waits for Verbatim-Min-Position, then goes on, or answers 503 behind.
void when_shown(const ExchangePtr& exchange, UserRoute route) {
    const auto wanted = min_position_of(exchange->request());
    if (!wanted) return exchange->send_problem(wanted.error());
    if (wanted->value_or(Position()) <= exchange->views().position())
        return answer_query(exchange, route);
    exchange->services().waiters.wait(
        **wanted,
        std::chrono::milliseconds(limits::min_position_wait_ms),
        [exchange, route](bool shown) {
            exchange->resume([exchange, route, shown] {
                if (!shown) return exchange->send_problem(behind());
                answer_query(exchange, route);
            });
        }
    );
}

}  // namespace

Exchange::Exchange(
    const Services& services,
    std::shared_ptr<const HttpRequest> request,
    std::shared_ptr<Responder> responder
)
    : services_(services), request_(std::move(request)), responder_(std::move(responder)) {}

void Exchange::add_header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value));
}

void Exchange::send_json(int status, std::string body) {
    send(status, "application/json", std::move(body));
}

void Exchange::send_text(int status, std::string content_type, std::string body) {
    send(status, std::move(content_type), std::move(body));
}

void Exchange::send_stream(
    int status, std::string content_type, std::string first, std::shared_ptr<BodyStream> rest
) {
    send(status, std::move(content_type), std::move(first), std::move(rest));
}

void Exchange::send_empty(int status) {
    send(status, {}, {});
}

void Exchange::send_problem(const Problem& problem) {
    if (problem.retry_after_seconds)
        add_header("Retry-After", std::to_string(*problem.retry_after_seconds));
    if (problem.status == 401) add_header("WWW-Authenticate", "Bearer");
    send(problem.status, "application/problem+json", to_json(problem, request_->request_id));
}

void Exchange::send_whole(HttpResponse response) {
    for (auto& header : headers_) response.headers.push_back(std::move(header));
    responder_->send(std::move(response));
}

void Exchange::resume(std::function<void()> work) {
    responder_->post(std::move(work));
}

void Exchange::send(
    int status, std::string content_type, std::string body, std::shared_ptr<BodyStream> stream
) {
    HttpResponse response{
        .status = status,
        .headers = std::move(headers_),
        .body = std::move(body),
        .stream = std::move(stream)};
    if (!content_type.empty())
        response.headers.emplace_back("Content-Type", std::move(content_type));
    response.headers.emplace_back("Cache-Control", "no-store");
    responder_->send(std::move(response));
}

Handler open_route(const Services& services, OpenRoute route) {
    return [&services, route](auto request, auto responder) {
        route(std::make_shared<Exchange>(services, std::move(request), std::move(responder)));
    };
}

Handler query_route(const Services& services, UserRoute route) {
    return [&services, route](auto request, auto responder) {
        when_shown(
            std::make_shared<Exchange>(services, std::move(request), std::move(responder)), route
        );
    };
}

Handler command_route(const Services& services, UserRoute route) {
    return command_handler(
        services, [](const Actor& actor) { return needs_scope(actor, KeyScope::send); }, route
    );
}

Handler account_route(const Services& services, UserRoute route) {
    return command_handler(services, needs_session, route);
}

Answer<void> within_limit(const Exchange& exchange, Limiter limiter, const Actor& actor) {
    return exchange.services().rate_limits.take_for(actor.user, limiter, RateLimits::Clock::now());
}

std::string_view bearer_token(const HttpRequest& request) {
    const std::string* header = request.header("authorization");
    if (header == nullptr || header->size() < 7) return {};
    std::string scheme = header->substr(0, 7);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    if (scheme != "bearer ") return {};
    return std::string_view(*header).substr(7);
}

void submit(const ExchangePtr& exchange, CommandRequest command, Render render) {
    auto key = key_of(*exchange, command);
    if (!key) return exchange->send_problem(key.error());
    const auto if_match = if_match_of(exchange->request());
    if (!if_match) return exchange->send_problem(if_match.error());

    Submission submission{
        .stream = command.stream,
        .command = std::move(command.command),
        .actor = command.actor,
        .id = CommandId(exchange->services().new_uuid()),
        .key = *key,
        .if_match = *if_match,
        .occurred_at = std::nullopt};
    exchange->services().sequencer.submit(
        std::move(submission),
        [exchange, render = std::move(render)](CommandResult result) {
            exchange->resume([exchange, render, result = std::move(result)] {
                if (!result) return exchange->send_problem(problem_of(result.error()));
                add_receipt_headers(exchange, *result);
                render(exchange, *result);
            });
        }
    );
}

void render_empty(const ExchangePtr& exchange, const Accepted&) {
    exchange->send_empty(204);
}

Answer<nlohmann::json> body_of(const HttpRequest& request) {
    const std::string* type = request.header("content-type");
    if (type != nullptr && !request.body.empty()) {
        std::string media = type->substr(0, type->find(';'));
        std::transform(media.begin(), media.end(), media.begin(), [](unsigned char c) {
            return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        });
        media.erase(media.find_last_not_of(" \t") + 1);
        // What curl -d says without a header is taken for what it is: a client that did not say.
        const bool json = media == "application/json" || media.ends_with("+json") ||
                          media == "application/x-www-form-urlencoded" || media == "text/plain";
        if (!json) return failure(http_problem(415, "send application/json"));
    }
    return parse_object(request.body);
}

Answer<RoomId> room_in_path(const HttpRequest& request) {
    const auto room = parse_id<RoomId>(request.parameter("room_id"));
    if (!room) return failure(problem_of(Rule::room_not_found));
    return *room;
}

Answer<UserId> user_in_path(const HttpRequest& request) {
    const auto user = parse_id<UserId>(request.parameter("user_id"));
    if (!user) return failure(problem_of(Rule::user_not_found));
    return *user;
}

Answer<Version> seq_in_path(const HttpRequest& request) {
    const auto seq = parse_number(request.parameter("seq"));
    if (!seq || *seq == 0) return failure(problem_of(Rule::message_not_found));
    return Version(*seq);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

Answer<std::optional<std::uint64_t>> number_in_query(
    const HttpRequest& request, std::string_view name, std::uint64_t min, std::uint64_t max
) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::optional<std::uint64_t>();
    const auto number = parse_number(*text);
    if (!number || *number < min || *number > max)
        return failure(invalid_field(
            std::string(name),
            "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max)
        ));
    return number;
}

Answer<std::optional<UserId>> user_in_query(const HttpRequest& request, std::string_view name) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::optional<UserId>();
    const auto user = parse_id<UserId>(*text);
    if (!user) return failure(invalid_field(std::string(name), "must be a user's id"));
    return std::optional(*user);
}

Answer<std::optional<Position>> min_position_of(const HttpRequest& request) {
    const std::string* header = request.header("verbatim-min-position");
    if (header == nullptr) return std::optional<Position>();
    const auto wanted = parse_number(*header);
    if (!wanted)
        return failure(invalid_field("Verbatim-Min-Position", "must be a position: a whole number")
        );
    return std::optional(Position(*wanted));
}

Answer<std::size_t> limit_in_query(const HttpRequest& request) {
    const auto limit = number_in_query(request, "limit", 1, limits::page_items_max);
    if (!limit) return failure(limit.error());
    return limit->value_or(limits::page_items_default);
}

std::string list_json(std::string_view items, std::string_view next) {
    std::string out;
    out.reserve(items.size() + next.size() + 32);
    out += R"({"items":[)";
    out += items;
    out += R"(],"next":)";
    if (next.empty())
        out += "null";
    else
        append_json(out, next);
    out += '}';
    return out;
}

std::string next_url(const HttpRequest& request, std::string_view name, std::string_view value) {
    std::string url = request.path + "?";
    for (const auto& [key, text] : request.query) {
        const bool is_cursor = key == "before" || key == "after" || key == "around" ||
                               key == "after_seq" || key == name;
        if (!is_cursor) url += percent_encoded(key) + "=" + percent_encoded(text) + "&";
    }
    return url + percent_encoded(name) + "=" + percent_encoded(value);
}

}  // namespace verbatim::api
