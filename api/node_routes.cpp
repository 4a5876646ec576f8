#include "api/node_routes.hpp"

#include "api/exchange.hpp"
#include "api/file_routes.hpp"
#include "domain/limits.hpp"
#include "eventstore/delivery.hpp"

#include <limits>
#include <memory>
#include <utility>

namespace verbatim::api {

namespace {

constexpr std::size_t no_body = 0;

using NodeRoute = void (*)(const ExchangePtr&, const NodeAccess&);

Handler node_route(const Services& services, const NodeAccess& access, NodeRoute route) {
    return [&services, &access, route](auto request, auto responder) {
        const auto exchange =
            std::make_shared<Exchange>(services, std::move(request), std::move(responder));
        if (!access.secret.matches(bearer_token(exchange->request())))
            return exchange->send_problem(
                not_authenticated("This is for the nodes of this log, by their node secret.")
            );
        if (!access.leads()) return exchange->send_problem(not_the_leader());
        route(exchange, access);
    };
}

void send_delivery(
    const ExchangePtr& exchange,
    const NodeAccess& access,
    Position after,
    const DeliveryBounds& bounds
) {
    const EventLog& log = exchange->services().log;
    if (after > log.head())
        return exchange->send_problem(not_found(
            "The log does not reach this far: its head is " + std::to_string(log.head().value()) +
            "."
        ));
    const auto delivery = gather_delivery(log, access.instance, after, bounds);
    if (!delivery) return exchange->send_problem(problem_of(delivery.error()));
    exchange->send_text(200, "application/octet-stream", encode_delivery(*delivery));
}

// The events behind `after`, as one delivery of at most limits::log_page_bytes_max.
void show_log(const ExchangePtr& exchange, const NodeAccess& access) {
    const auto after =
        number_in_query(exchange->request(), "after", 0, std::numeric_limits<std::uint64_t>::max());
    if (!after) return exchange->send_problem(after.error());
    const bool taken =
        access.pages.submit([exchange, &access, from = Position(after->value_or(0))] {
            send_delivery(
                exchange,
                access,
                from,
                {.events_max = limits::log_page_events_max, .bytes_max = limits::log_page_bytes_max}
            );
        });
    if (!taken)
        exchange->send_problem(http_problem(503, "Too many pages of the log are being read."));
}

// A delivery without events: how far the log reaches, and the root of its tree there.
void show_head(const ExchangePtr& exchange, const NodeAccess& access) {
    send_delivery(exchange, access, exchange->services().log.head(), {});
}

// A file's bytes by their SHA-256, for nodes that were asked for it and do not have it.
void show_blob(const ExchangePtr& exchange, const NodeAccess&) {
    const auto digest = parse_hex(exchange->request().parameter("sha256"));
    if (!digest) return exchange->send_problem(not_found("There is no such file."));
    auto blob = exchange->services().uploads.blobs().open(*digest);
    if (!blob) {
        const bool is_there = blob.error().fault != StoreFault::missing_record;
        return exchange->send_problem(
            is_there ? problem_of(blob.error()) : not_found("There is no such file.")
        );
    }
    const std::uint64_t bytes = blob->bytes();
    HttpResponse response;
    response.headers = {{"Content-Type", "application/octet-stream"}};
    response.stream = files::stream_of(std::move(*blob), 0, bytes);
    response.stream_bytes = bytes;
    exchange->send_whole(std::move(response));
}

}  // namespace

void add_node_routes(RouteTable& table, const Services& services, const NodeAccess& access) {
    table.add(Method::get, "/internal/log", node_route(services, access, show_log), no_body);
    table.add(Method::get, "/internal/head", node_route(services, access, show_head), no_body);
    table.add(
        Method::get, "/internal/blobs/{sha256}", node_route(services, access, show_blob), no_body
    );
}

}  // namespace verbatim::api
