#include "broker/amqp/signals.hpp"

#include "broker/amqp/backoff.hpp"
#include "broker/amqp/bell.hpp"
#include "broker/amqp/names.hpp"
#include "domain/limits.hpp"

#include <atomic>
#include <deque>
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

struct Signals::State {
    explicit State(SignalOptions given)
        : options(std::move(given)),
          exchange(signal_exchange(options.epoch)),
          backoff(first_retry, longest_retry, options.seed) {}

    void run();
    BrokerResult<void> serve();
    BrokerResult<std::unique_ptr<Connection>> connect() const;
    BrokerResult<void> send_waiting(Connection& connection);
    void hear(const Notice& notice) const;
    void forget_waiting();

    const SignalOptions options;
    const std::string exchange;
    Bell bell;
    std::atomic<bool> stopping{false};
    Backoff backoff;
    std::string told;  // the last failure

    mutable std::mutex mutex;  // of what follows
    std::deque<std::string> waiting;
    std::uint64_t dropped = 0;
    bool connected = false;

    std::thread thread;
};

void Signals::State::run() {
    while (!stopping) {
        const auto served = serve();
        forget_waiting();
        if (served) return;
        const std::string failure_text = describe(served.error());
        if (failure_text != std::exchange(told, failure_text))
            options.report(
                "other nodes are not told who types and who is online: " + failure_text +
                "; trying again"
            );
        const auto until = Clock::now() + backoff.next();
        while (!stopping && Clock::now() < until)
            bell.wait(std::chrono::ceil<milliseconds>(until - Clock::now()));
    }
}

BrokerResult<std::unique_ptr<Connection>> Signals::State::connect() const {
    auto opened = Connection::open(options.connection);
    if (!opened) return opened;
    Connection& connection = **opened;
    auto declared = connection.declare_exchange(exchange, ExchangeKind::fanout, true);
    if (!declared) return failure(declared.error());
    const auto queue = connection.declare_queue(
        {.name = {},
         .exclusive = true,
         .auto_delete = true,
         .messages_max = static_cast<std::uint32_t>(limits::signals_waiting_max)}
    );
    if (!queue) return failure(queue.error());
    if (auto bound = connection.bind(*queue, exchange, ""); !bound) return failure(bound.error());
    if (auto begun = connection.consume(*queue); !begun) return failure(begun.error());
    return opened;
}

BrokerResult<void> Signals::State::serve() {
    auto connection = connect();
    if (!connection) return failure(connection.error());
    told.clear();
    {
        const std::lock_guard lock(mutex);
        connected = true;
    }
    while (!stopping) {
        if (auto sent = send_waiting(**connection); !sent) return sent;
        auto notice = (*connection)->next(idle, bell.descriptor());
        for (; notice && *notice; notice = (*connection)->next(milliseconds(0))) {
            if (std::holds_alternative<ConsumerEnded>(**notice))
                return failure(BrokerError{BrokerFault::connection_lost, "the queue was deleted"});
            hear(**notice);
            backoff.reset();
        }
        if (!notice) return failure(notice.error());
        bell.hear();
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
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Signals::stop() {
    if (!state_->thread.joinable()) return;
    state_->stopping = true;
    state_->bell.ring();
    state_->thread.join();
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
    state_->bell.ring();
}

std::uint64_t Signals::dropped() const {
    const std::lock_guard lock(state_->mutex);
    return state_->dropped;
}

}  // namespace verbatim::amqp
