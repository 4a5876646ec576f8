#include "app/frame_route.hpp"

#include "api/exchange.hpp"
#include "broker/feed/frame_commands.hpp"
#include "domain/limits.hpp"
#include "protocol/file_access.hpp"

#include <memory>
#include <utility>

namespace verbatim {
namespace {

using api::ExchangePtr;

void submit(const ExchangePtr& exchange, Submission submission) {
    exchange->services().sequencer.submit(std::move(submission), [exchange](CommandResult result) {
        if (!result) return exchange->send_problem(problem_of(result.error()));
        const Receipt receipt = receipt_of(*result);
        exchange->add_header("Verbatim-Position", std::to_string(receipt.position.value()));
        if (receipt.room_seq)
            exchange->add_header("Verbatim-Room-Seq", std::to_string(receipt.room_seq->value()));
        exchange->send_empty(204);
    });
}

void store_and_submit(const ExchangePtr& exchange, const Actor& actor, feed::SendFrame frame) {
    const auto shared = std::make_shared<feed::SendFrame>(std::move(frame));
    auto work = [exchange, user = actor.user, shared] {
        const api::Services& services = exchange->services();
        auto stored = feed::store_attachment(services.uploads, user, *shared);
        if (!stored) return exchange->send_problem(stored.error());
        submit(
            exchange,
            feed::submission_of(
                std::move(*shared), user, CommandId(services.new_uuid()), services.command_keys
            )
        );
    };
    if (exchange->services().file_pool.submit(std::move(work))) return;
    exchange->send_problem(http_problem(503, "Too many files are being written. Try again."));
}

Answer<void> admit(const api::Services& services, const Actor& actor, bool is_message) {
    auto entitled = needs_scope(actor, KeyScope::send);
    if (!entitled) return entitled;
    const auto now = RateLimits::Clock::now();
    auto taken = services.rate_limits.take_for(actor.user, Limiter::commands_per_user, now);
    if (!taken || !is_message) return taken;
    return services.rate_limits.take_for(actor.user, Limiter::messages_per_user, now);
}

void take_frame(const ExchangePtr& exchange) {
    const api::Services& services = exchange->services();
    if (auto reason = services.not_ready())
        return exchange->send_problem(not_ready(std::move(*reason)));
    const auto actor = services.authenticator.authenticate(
        api::bearer_token(exchange->request()), services.clock()
    );
    if (!actor) return exchange->send_problem(actor.error());
    const auto find = attachments_of(services.views, services.uploads, actor->user);
    auto received = feed::read_client_frame(exchange->request().body, services.views.users(), find);
    if (!received.frame) return exchange->send_problem(received.frame.error());
    auto* const message = std::get_if<feed::SendFrame>(&*received.frame);
    const auto* const read = std::get_if<feed::ReadFrame>(&*received.frame);
    if (message == nullptr && read == nullptr)
        return exchange->send_problem(invalid_field("type", "send or read"));
    const auto allowed = admit(services, *actor, message != nullptr);
    if (!allowed) return exchange->send_problem(allowed.error());
    if (message != nullptr && message->attachment)
        return store_and_submit(exchange, *actor, std::move(*message));
    const CommandId id(services.new_uuid());
    submit(
        exchange,
        message != nullptr
            ? feed::submission_of(std::move(*message), actor->user, id, services.command_keys)
            : feed::submission_of(*read, actor->user, id, services.command_keys)
    );
}

}  // namespace

bool is_from_node(const api::HttpRequest& request, const NodeSecret& secret) {
    const std::string* const claimed = request.header("verbatim-node");
    return claimed != nullptr && secret.matches(*claimed);
}

void add_frame_route(
    api::RouteTable& table, const api::Services& services, const NodeSecret& secret
) {
    const auto handler = [&services, &secret](auto request, auto responder) {
        const auto exchange =
            std::make_shared<api::Exchange>(services, std::move(request), std::move(responder));
        if (is_from_node(exchange->request(), secret)) return take_frame(exchange);
        exchange->send_problem(
            not_authenticated("This is for the nodes of this log, by their node secret.")
        );
    };
    table.add(api::Method::post, "/internal/frames", handler, limits::feed_frame_bytes_max);
}

}  // namespace verbatim
