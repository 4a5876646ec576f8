#include "broker/amqp/broker_link.hpp"

#include "broker/amqp/backoff.hpp"
#include "broker/amqp/bell.hpp"
#include "domain/limits.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace verbatim::amqp {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_retry{100};
constexpr milliseconds longest_retry{limits::broker_retry_ms_max};

}  // namespace

struct BrokerLink::State {
    explicit State(Options given)
        : options(std::move(given)), backoff(first_retry, longest_retry, options.seed) {}

    void run();
    BrokerResult<void> connect_and_use();
    void hold(std::unique_ptr<Connection> opened);
    void tell(const BrokerError& error);
    void pause_before_retry();

    const Options options;
    Bell bell;
    std::atomic<bool> stopping{false};
    Backoff backoff;   // the thread's, as is `told`
    std::string told;  // the last failure; empty: it is over

    std::mutex mutex;  // of what follows
    std::condition_variable ended;
    bool has_ended = false;
    std::unique_ptr<Connection> connection;  // made and used by the thread alone

    std::thread thread;
};

void BrokerLink::State::run() {
    while (!stopping) {
        const auto used = connect_and_use();
        hold(nullptr);
        if (used) break;
        if (options.failed) options.failed(used.error());
        tell(used.error());
        pause_before_retry();
    }
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
}

BrokerResult<void> BrokerLink::State::connect_and_use() {
    auto opened = Connection::open(options.connection);
    if (!opened) return failure(opened.error());
    hold(std::move(*opened));
    return options.use(*connection);
}

void BrokerLink::State::hold(std::unique_ptr<Connection> opened) {
    const std::lock_guard lock(mutex);
    connection = std::move(opened);
}

void BrokerLink::State::tell(const BrokerError& error) {
    const std::string what = describe(error);
    if (what == std::exchange(told, what)) return;
    options.report(std::string(options.trouble) + ": " + what + "; " + std::string(options.remedy));
}

void BrokerLink::State::pause_before_retry() {
    const auto until = Clock::now() + backoff.next();
    while (!stopping && Clock::now() < until)
        bell.wait(std::chrono::ceil<milliseconds>(until - Clock::now()));
}

BrokerLink::BrokerLink(Options options) : state_(std::make_unique<State>(std::move(options))) {}

BrokerLink::~BrokerLink() {
    stop();
}

void BrokerLink::start() {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void BrokerLink::stop() {
    if (!state_->thread.joinable()) return;
    state_->stopping = true;
    state_->bell.ring();
    {
        std::unique_lock lock(state_->mutex);
        const bool in_time = state_->ended.wait_for(lock, state_->options.stop_patience, [this] {
            return state_->has_ended;
        });
        if (!in_time && state_->connection) state_->connection->abandon();
    }
    state_->thread.join();
}

void BrokerLink::ring() {
    state_->bell.ring();
}

bool BrokerLink::is_stopping() const {
    return state_->stopping;
}

BrokerResult<std::optional<Notice>> BrokerLink::next(Connection& connection, milliseconds wait) {
    const bool sleeps = wait.count() > 0;
    auto notice = connection.next(wait, sleeps ? state_->bell.descriptor() : -1);
    if (sleeps && notice && !*notice) state_->bell.hear();
    return notice;
}

void BrokerLink::is_ready() {
    const bool was_in_trouble = !std::exchange(state_->told, {}).empty();
    if (was_in_trouble) state_->options.report(std::string(state_->options.recovery));
}

void BrokerLink::is_of_use() {
    state_->backoff.reset();
}

void BrokerLink::complain(const std::string& what) {
    if (what != std::exchange(state_->told, what)) state_->options.report(what);
}

BrokerResult<void> listen_to(
    Connection& connection, std::string_view exchange, const QueueOptions& bounds
) {
    auto declared = connection.declare_exchange(exchange, ExchangeKind::fanout, true);
    if (!declared) return declared;
    QueueOptions own = bounds;
    own.exclusive = true;
    own.auto_delete = true;
    const auto queue = connection.declare_queue(own);
    if (!queue) return failure(queue.error());
    if (auto bound = connection.bind(*queue, exchange, ""); !bound) return bound;
    return connection.consume(*queue);
}

}  // namespace verbatim::amqp
