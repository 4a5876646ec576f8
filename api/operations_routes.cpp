#include "api/operations_routes.hpp"

#include <nlohmann/json.hpp>

namespace verbatim::api::operations {

void is_alive(const ExchangePtr& exchange) {
    exchange->send_json(200, R"({"status":"alive"})");
}

void is_ready(const ExchangePtr& exchange) {
    const Services& services = exchange->services();
    if (auto reason = services.not_ready())
        return exchange->send_problem(not_ready(std::move(*reason)));
    const Leader* const leader = services.leader;
    const auto paused =
        leader != nullptr ? leader->commands_paused() : services.sequencer.pause_reason();
    nlohmann::ordered_json body = {
        {"status", "ready"},
        {"role", leader != nullptr ? "follower" : "leader"},
        {"position", services.views.position().value()},
        {"log_position", services.log.head().value()},
        {"commands", paused.value_or(leader != nullptr ? "forwarded" : "taken")},
    };
    if (const auto broker = services.broker_state()) body["broker"] = *broker;
    if (leader != nullptr) body["leader_position"] = leader->head().value();
    exchange->send_json(200, body.dump());
}

void show_metrics(const ExchangePtr& exchange) {
    exchange->send_text(
        200, "text/plain; version=0.0.4; charset=utf-8", exchange->services().metrics.text()
    );
}

void show_limits(const ExchangePtr& exchange) {
    exchange->send_json(200, limits_json(exchange->services().uploads.file_bytes_max()));
}

void show_jwks(const ExchangePtr& exchange) {
    exchange->send_json(200, exchange->services().tokens.jwks());
}

}  // namespace verbatim::api::operations
