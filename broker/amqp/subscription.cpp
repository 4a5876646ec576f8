#include "broker/amqp/subscription.hpp"

#include "broker/amqp/backoff.hpp"
#include "broker/amqp/bell.hpp"
#include "broker/amqp/names.hpp"
#include "domain/limits.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace verbatim::amqp {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_retry{100};
constexpr milliseconds longest_retry{limits::broker_retry_ms_max};
constexpr milliseconds idle{1'000};

}  // namespace

struct Subscription::State {
    explicit State(SubscriptionOptions given)
        : options(std::move(given)),
          exchange(log_exchange(options.epoch)),
          backoff(first_retry, longest_retry, options.seed) {}

    void run();
    BrokerResult<void> serve();
    BrokerResult<std::unique_ptr<Connection>> connect() const;
    BrokerResult<void> hear(const Notice& notice);
    void is_now(std::string text);

    const SubscriptionOptions options;
    const std::string exchange;
    Bell bell;
    std::atomic<bool> stopping{false};
    Backoff backoff;
    std::string told;  // the last failure

    mutable std::mutex mutex;
    std::string state = "connecting";  // under mutex

    std::thread thread;
};

void Subscription::State::is_now(std::string text) {
    const std::lock_guard lock(mutex);
    state = std::move(text);
}

void Subscription::State::run() {
    while (!stopping) {
        const auto served = serve();
        if (served) return;
        is_now(std::string(name_of(served.error().fault)));
        const std::string failure_text = describe(served.error());
        if (failure_text != std::exchange(told, failure_text))
            options.report(
                "the broker does not bring the log: " + failure_text +
                "; it is fetched from the leader, and the broker tried again"
            );
        const auto until = Clock::now() + backoff.next();
        while (!stopping && Clock::now() < until)
            bell.wait(std::chrono::ceil<milliseconds>(until - Clock::now()));
    }
}

BrokerResult<std::unique_ptr<Connection>> Subscription::State::connect() const {
    auto opened = Connection::open(options.connection);
    if (!opened) return opened;
    Connection& connection = **opened;
    auto declared = connection.declare_exchange(exchange, ExchangeKind::fanout, true);
    if (!declared) return failure(declared.error());
    const auto queue = connection.declare_queue(
        {.name = {},
         .exclusive = true,
         .auto_delete = true,
         .messages_max = static_cast<std::uint32_t>(limits::follower_queue_deliveries_max),
         .bytes_max = static_cast<std::uint32_t>(limits::follower_queue_bytes_max)}
    );
    if (!queue) return failure(queue.error());
    if (auto bound = connection.bind(*queue, exchange, ""); !bound) return failure(bound.error());
    if (auto begun = connection.consume(*queue); !begun) return failure(begun.error());
    return opened;
}

BrokerResult<void> Subscription::State::serve() {
    auto connection = connect();
    if (!connection) return failure(connection.error());
    is_now("connected");
    if (!std::exchange(told, {}).empty()) options.report("the broker brings the log again");
    options.begun();
    while (!stopping) {
        auto notice = (*connection)->next(idle, bell.descriptor());
        for (; notice && *notice; notice = (*connection)->next(milliseconds(0))) {
            if (auto heard = hear(**notice); !heard) return heard;
            if (stopping) return {};
        }
        if (!notice) return failure(notice.error());
        bell.hear();
    }
    return {};
}

BrokerResult<void> Subscription::State::hear(const Notice& notice) {
    if (std::holds_alternative<ConsumerEnded>(notice))
        return failure(BrokerError{BrokerFault::connection_lost, "the queue was deleted"});
    const auto* const message = std::get_if<Incoming>(&notice);
    if (message == nullptr) return {};
    backoff.reset();
    auto delivery = parse_delivery(message->body);
    if (delivery) {
        options.received(std::move(*delivery));
        return {};
    }
    // Fetching will meet the same, and judge it.
    const std::string what = describe(delivery.error());
    if (what != std::exchange(told, what)) options.report("a delivery cannot be read: " + what);
    options.begun();
    return {};
}

Subscription::Subscription(SubscriptionOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

Subscription::~Subscription() {
    stop();
}

void Subscription::start() {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Subscription::stop() {
    if (!state_->thread.joinable()) return;
    state_->stopping = true;
    state_->bell.ring();
    state_->thread.join();
}

std::string Subscription::state() const {
    const std::lock_guard lock(state_->mutex);
    return state_->state;
}

}  // namespace verbatim::amqp
