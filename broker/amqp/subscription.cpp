#include "broker/amqp/subscription.hpp"

#include "broker/amqp/broker_link.hpp"
#include "broker/amqp/names.hpp"
#include "domain/limits.hpp"

#include <mutex>
#include <utility>

namespace verbatim::amqp {

namespace {

constexpr std::chrono::milliseconds idle{1'000};
QueueOptions queue_bounds() {
    return {
        .name = {},
        .messages_max = static_cast<std::uint32_t>(limits::follower_queue_deliveries_max),
        .bytes_max = static_cast<std::uint32_t>(limits::follower_queue_bytes_max)};
}

}  // namespace

struct Subscription::State {
    explicit State(SubscriptionOptions given)
        : options(std::move(given)),
          link(
              {.connection = options.connection,
               .seed = options.seed,
               .use = [this](Connection& connection) { return use(connection); },
               .failed = [this](const BrokerError& error
                         ) { is_now(std::string(name_of(error.fault))); },
               .report = options.report,
               .trouble = "the broker does not bring the log",
               .remedy = "it is fetched from the leader, and the broker tried again",
               .recovery = "the broker brings the log again"}
          ) {}

    BrokerResult<void> use(Connection& connection);
    BrokerResult<void> hear(const Notice& notice);
    void is_now(std::string text);

    const SubscriptionOptions options;
    mutable std::mutex mutex;
    std::string state = "connecting";  // under mutex
    BrokerLink link;
};

void Subscription::State::is_now(std::string text) {
    const std::lock_guard lock(mutex);
    state = std::move(text);
}

BrokerResult<void> Subscription::State::use(Connection& connection) {
    auto listening = listen_to(connection, log_exchange(options.epoch), queue_bounds());
    if (!listening) return listening;
    is_now("connected");
    link.is_ready();
    options.begun();
    while (!link.is_stopping()) {
        auto notice = link.next(connection, idle);
        if (!notice) return failure(notice.error());
        if (!*notice) continue;
        if (auto heard = hear(**notice); !heard) return heard;
    }
    return {};
}

BrokerResult<void> Subscription::State::hear(const Notice& notice) {
    if (std::holds_alternative<ConsumerEnded>(notice))
        return failure(BrokerError{BrokerFault::connection_lost, "the queue was deleted"});
    const auto* const message = std::get_if<Incoming>(&notice);
    if (message == nullptr) return {};
    link.is_of_use();
    auto delivery = parse_delivery(message->body);
    if (delivery) {
        options.received(std::move(*delivery));
        return {};
    }
    // Fetching will meet the same, and judge it.
    link.complain("a delivery cannot be read: " + describe(delivery.error()));
    options.begun();
    return {};
}

Subscription::Subscription(SubscriptionOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

Subscription::~Subscription() {
    stop();
}

void Subscription::start() {
    state_->link.start();
}

void Subscription::stop() {
    state_->link.stop();
}

std::string Subscription::state() const {
    const std::lock_guard lock(state_->mutex);
    return state_->state;
}

}  // namespace verbatim::amqp
