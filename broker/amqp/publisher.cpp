#include "broker/amqp/publisher.hpp"

#include "broker/amqp/broker_link.hpp"
#include "broker/amqp/publish_cursor.hpp"
#include "broker/amqp/window.hpp"
#include "domain/limits.hpp"

#include <mutex>
#include <utility>

namespace verbatim::amqp {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds cursor_interval{100};
// While something is on its way, so much is waited for a fuller piece.
constexpr milliseconds batching{1};
// Between looks at everything else, so that a log that grows without a pause lets the rest happen.
constexpr int pieces_per_round = 32;
// A wait that is longer by so much than it was to be: the process was stopped. Before a broker
// gives a connection up, which it does after two heartbeats.
constexpr milliseconds stopped_span{5'000};
constexpr milliseconds last_words{1'000};

}  // namespace

struct Publisher::State {
    State(const EventLog& the_log, std::unique_ptr<PublishedStream> the_stream, PublisherOptions o)
        : log(the_log),
          stream(std::move(the_stream)),
          options(std::move(o)),
          cursor(options.cursor_file, log.epoch()),
          confirmed(cursor.position()),
          link(
              {.connection = options.connection,
               .seed = options.seed,
               .use = [this](Connection& opened) { return use(opened); },
               .failed = [this](const BrokerError& error) { failed(error); },
               .report = options.report,
               .trouble = "nothing is published",
               .recovery = "the broker is there again"}
          ) {
        figures.confirmed = confirmed;
    }

    BrokerResult<void> use(Connection& opened);
    BrokerResult<void> prepare_and_serve();
    BrokerResult<void> serve();
    BrokerResult<void> fill_window(Clock::time_point now);
    BrokerResult<void> publish(const PublishedStream::Piece& piece);
    BrokerResult<void> take_notices(milliseconds wait);
    BrokerResult<void> take(const Notice& notice);
    void keep_cursor(Clock::time_point now, bool at_once);
    void begin_where_confirmed();
    [[nodiscard]] bool may_publish() const;
    [[nodiscard]] bool has_more() const { return published < log.head(); }
    [[nodiscard]] bool is_done(Clock::time_point now) const;
    [[nodiscard]] milliseconds patience(Clock::time_point now) const;
    BrokerError log_failed(const StoreError& error) const;
    void failed(const BrokerError& error);
    void show();

    const EventLog& log;
    const std::unique_ptr<PublishedStream> stream;
    const PublisherOptions options;

    // The link's thread's.
    Connection* connection = nullptr;  // while it is used
    bool was_connected = false;        // since the last failure
    PublishCursor cursor;
    Window window;
    Position published;  // handed to the broker on this connection
    Position confirmed;
    Clock::time_point published_at;  // the last piece
    Clock::time_point cursor_kept_at;
    Clock::time_point stop_at = Clock::time_point::max();

    mutable std::mutex mutex;
    PublisherFigures figures;  // under mutex

    BrokerLink link;
};

// A log that was put back to an earlier state goes on from its head: its readers will see.
void Publisher::State::begin_where_confirmed() {
    confirmed = cursor.position();
    if (confirmed > log.head()) {
        options.report(
            "positions " + std::to_string(log.head().value() + 1) + " to " +
            std::to_string(confirmed.value()) +
            " were published and are not in the log any more: was an older copy of it restored?"
        );
        confirmed = log.head();
    }
    published = confirmed;
    window.clear();
}

BrokerResult<void> Publisher::State::use(Connection& opened) {
    connection = &opened;
    auto served = prepare_and_serve();
    keep_cursor(Clock::now(), true);
    connection = nullptr;
    return served;
}

BrokerResult<void> Publisher::State::prepare_and_serve() {
    was_connected = true;
    auto prepared = stream->prepare(*connection, options.connection);
    if (!prepared) return failure(prepared.error());
    auto confirming = connection->confirm();
    if (!confirming) return failure(confirming.error());
    begin_where_confirmed();
    link.is_ready();
    {
        const std::lock_guard lock(mutex);
        ++figures.connects;
    }
    return serve();
}

BrokerResult<void> Publisher::State::serve() {
    while (true) {
        const auto now = Clock::now();
        if (link.is_stopping() && stop_at == Clock::time_point::max()) stop_at = now + last_words;
        if (is_done(now)) return {};
        if (auto filled = fill_window(now); !filled) return filled;
        show();
        keep_cursor(now, false);
        const auto wait = patience(now);
        const auto begun = Clock::now();
        auto taken = take_notices(wait);
        if (Clock::now() - begun > wait + stopped_span) {
            stream->process_was_stopped();
            return failure(BrokerError{
                BrokerFault::connection_lost, "this process did not run for some seconds"});
        }
        if (!taken) return taken;
    }
}

bool Publisher::State::is_done(Clock::time_point now) const {
    if (!link.is_stopping()) return false;
    return now >= stop_at || (window.empty() && !has_more());
}

bool Publisher::State::may_publish() const {
    return !connection->is_blocked() && window.pieces() < options.unconfirmed_max;
}

BrokerResult<void> Publisher::State::fill_window(Clock::time_point now) {
    const auto waiting = log.head().value() - published.value();
    const bool gathers =
        !window.empty() && waiting < limits::delivery_events_max && now - published_at < batching;
    for (int n = 0; !gathers && has_more() && may_publish() && n < pieces_per_round; ++n) {
        auto piece = stream->piece_after(published);
        if (!piece) return failure(log_failed(piece.error()));
        if (auto sent = publish(*piece); !sent) return sent;
        if (auto taken = take_notices(milliseconds(0)); !taken) return taken;
    }
    if (has_more() || now - published_at < options.heartbeat || !may_publish()) return {};
    auto piece = stream->heartbeat(published);
    if (!piece) return failure(log_failed(piece.error()));
    published_at = now;
    return *piece ? publish(**piece) : BrokerResult<void>();
}

BrokerResult<void> Publisher::State::publish(const PublishedStream::Piece& piece) {
    for (const PublishedStream::Message& message : piece.messages) {
        auto sent = connection->publish(
            {.exchange = message.exchange,
             .routing_key = message.routing_key,
             .content_type = message.content_type,
             .body = message.body}
        );
        if (!sent) return sent;
    }
    window.add(piece.messages.size(), piece.last);
    published = piece.last;
    published_at = Clock::now();
    return {};
}

// Until something has to be done that no notice and no bell tells of.
milliseconds Publisher::State::patience(Clock::time_point now) const {
    if (has_more() && may_publish()) return batching;
    const auto until_heartbeat =
        std::chrono::ceil<milliseconds>(published_at + options.heartbeat - now);
    auto wait = std::clamp(until_heartbeat, batching, options.heartbeat);
    if (confirmed != cursor.position() || link.is_stopping())
        wait = std::min(wait, cursor_interval);
    return wait;
}

BrokerResult<void> Publisher::State::take_notices(milliseconds wait) {
    while (true) {
        auto notice = link.next(*connection, wait);
        if (!notice) return failure(notice.error());
        if (!*notice) return {};
        if (auto taken = take(**notice); !taken) return taken;
        wait = milliseconds(0);
    }
}

BrokerResult<void> Publisher::State::take(const Notice& notice) {
    if (std::holds_alternative<ConsumerEnded>(notice))
        return failure(BrokerError{
            BrokerFault::connection_lost, "the queue that says who leads was deleted"});
    const auto* const confirmation = std::get_if<Confirmation>(&notice);
    if (confirmation == nullptr) return {};
    if (!confirmation->taken)
        return failure(BrokerError{
            BrokerFault::refused, "the broker could not keep what was published"});
    const std::size_t messages = window.confirm(confirmation->tag, confirmation->multiple);
    if (const auto reached = window.reached()) confirmed = std::max(confirmed, *reached);
    link.is_of_use();
    const std::lock_guard lock(mutex);
    figures.messages_confirmed += messages;
    figures.confirmed = confirmed;
    return {};
}

void Publisher::State::keep_cursor(Clock::time_point now, bool at_once) {
    if (confirmed == cursor.position() || connection == nullptr) return;
    if (!at_once && now - cursor_kept_at < cursor_interval) return;
    cursor_kept_at = now;
    if (auto kept = cursor.move_to(confirmed); !kept) options.report(kept.error());
}

BrokerError Publisher::State::log_failed(const StoreError& error) const {
    return {BrokerFault::refused, "the log cannot be read: " + verbatim::describe(error)};
}

void Publisher::State::failed(const BrokerError& error) {
    if (!std::exchange(was_connected, false)) stream->broker_failed(error);
    const std::lock_guard lock(mutex);
    figures.connected = false;
    figures.blocked = false;
    figures.state = name_of(error.fault);
}

void Publisher::State::show() {
    const bool blocked = connection->is_blocked();
    const std::lock_guard lock(mutex);
    if (blocked != figures.blocked)
        options.report(
            blocked ? "the broker takes nothing now: it is short of memory or disk"
                    : "the broker takes messages again"
        );
    figures.connected = true;
    figures.blocked = blocked;
    figures.state = blocked ? "blocked" : "connected";
}

Publisher::Publisher(
    const EventLog& log, std::unique_ptr<PublishedStream> stream, PublisherOptions options
)
    : state_(std::make_unique<State>(log, std::move(stream), std::move(options))) {}

Publisher::~Publisher() {
    stop();
}

void Publisher::start() {
    state_->link.start();
}

void Publisher::stop() {
    state_->link.stop();
}

void Publisher::wake() {
    state_->link.ring();
}

PublisherFigures Publisher::figures() const {
    const std::lock_guard lock(state_->mutex);
    return state_->figures;
}

}  // namespace verbatim::amqp
