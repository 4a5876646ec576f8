#include "broker/amqp/signals.hpp"

#include "broker/amqp/broker_link.hpp"
#include "broker/amqp/names.hpp"
#include "domain/limits.hpp"

#include <deque>
#include <mutex>
#include <utility>

namespace verbatim::amqp {

namespace {

constexpr std::chrono::milliseconds idle{1'000};
QueueOptions queue_bounds() {
    return {.name = {}, .messages_max = static_cast<std::uint32_t>(limits::signals_waiting_max)};
}

}  // namespace

struct Signals::State {
    explicit State(SignalOptions given)
        : options(std::move(given)),
          exchange(signal_exchange(options.epoch)),
          link(
              {.connection = options.connection,
               .seed = options.seed,
               .use =
                   [this](Connection& connection) {
                       auto used = use(connection);
                       forget_waiting();
                       return used;
                   },
               .failed = {},
               .report = options.report,
               .trouble = "other nodes are not told who types and who is online",
               .recovery = "other nodes are told again who types and who is online"}
          ) {}

    BrokerResult<void> use(Connection& connection);
    BrokerResult<void> send_waiting(Connection& connection);
    void hear(const Notice& notice) const;
    void forget_waiting();

    const SignalOptions options;
    const std::string exchange;

    mutable std::mutex mutex;  // of what follows
    std::deque<std::string> waiting;
    std::uint64_t dropped = 0;
    bool connected = false;

    BrokerLink link;
};

BrokerResult<void> Signals::State::use(Connection& connection) {
    if (auto listening = listen_to(connection, exchange, queue_bounds()); !listening)
        return listening;
    link.is_ready();
    {
        const std::lock_guard lock(mutex);
        connected = true;
    }
    while (!link.is_stopping()) {
        if (auto sent = send_waiting(connection); !sent) return sent;
        auto notice = link.next(connection, idle);
        for (; notice && *notice; notice = link.next(connection, {})) {
            if (std::holds_alternative<ConsumerEnded>(**notice))
                return failure(BrokerError{BrokerFault::connection_lost, "the queue was deleted"});
            hear(**notice);
            link.is_of_use();
        }
        if (!notice) return failure(notice.error());
    }
    return {};
}

BrokerResult<void> Signals::State::send_waiting(Connection& connection) {
    if (connection.is_blocked()) {
        forget_waiting();
        const std::lock_guard lock(mutex);
        connected = true;
        return {};
    }
    std::deque<std::string> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(waiting);
    }
    for (const std::string& body : taken) {
        auto sent = connection.publish(
            {.exchange = exchange,
             .routing_key = {},
             .content_type = "application/json",
             .body = body}
        );
        if (!sent) return sent;
    }
    return {};
}

void Signals::State::hear(const Notice& notice) const {
    const auto* const message = std::get_if<Incoming>(&notice);
    if (message == nullptr) return;
    const auto signal = parse_signal(message->body);
    if (signal && signal->node != options.node) options.received(*signal);
}

void Signals::State::forget_waiting() {
    const std::lock_guard lock(mutex);
    dropped += waiting.size();
    waiting.clear();
    connected = false;
}

Signals::Signals(SignalOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Signals::~Signals() {
    stop();
}

void Signals::start() {
    state_->link.start();
}

void Signals::stop() {
    state_->link.stop();
}

void Signals::send(const Signal& signal) {
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->connected) {
            ++state_->dropped;
            return;
        }
        if (state_->waiting.size() >= limits::signals_waiting_max) {
            state_->waiting.pop_front();
            ++state_->dropped;
        }
        state_->waiting.push_back(encode_signal(state_->options.node, signal));
    }
    state_->link.ring();
}

std::uint64_t Signals::dropped() const {
    const std::lock_guard lock(state_->mutex);
    return state_->dropped;
}

}  // namespace verbatim::amqp
