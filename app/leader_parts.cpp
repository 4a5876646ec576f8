#include "app/leader_parts.hpp"

#include "app/broker_connection.hpp"
#include "app/frame_route.hpp"
#include "broker/amqp/delivery_stream.hpp"
#include "broker/amqp/envelope_stream.hpp"
#include "domain/limits.hpp"
#include "protocol/random.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

namespace verbatim {

namespace {

// Who holds the queue in silence is listened to for 3 s; a name server may take its time.
constexpr std::chrono::seconds decision_patience{8};

}  // namespace

LeaderParts::LeaderParts(Engine& engine, std::shared_ptr<spdlog::logger> log)
    : engine_(engine),
      log_(std::move(log)),
      instance_(new_uuid(system_now())),
      leadership_([this](amqp::Leadership::State) { lead_or_not(); }),
      pages_(limits::log_pages_at_once_max, limits::log_pages_waiting_max) {}

LeaderParts::~LeaderParts() {
    stop();
}

Expected<std::unique_ptr<LeaderParts>, std::string> LeaderParts::make(
    const Configuration& configuration, Engine& engine, std::shared_ptr<spdlog::logger> log
) {
    std::unique_ptr<LeaderParts> parts(new LeaderParts(engine, std::move(log)));
    if (!configuration.node_secret_file.empty()) {
        auto secret = NodeSecret::read(configuration.node_secret_file);
        if (!secret) return failure("--node-secret-file: " + secret.error());
        parts->access_.emplace(api::NodeAccess{
            .secret = std::move(*secret),
            .instance = parts->instance_,
            .leads = [&leadership = parts->leadership_] { return leadership.leads(); },
            .pages = parts->pages_});
    }
    if (configuration.broker.empty()) {
        if (configuration.publish_json) return failure("--publish-json needs --broker");
        return parts;
    }
    auto connection = broker_connection(configuration);
    if (!connection) return failure(connection.error());
    parts->connection_ = std::move(*connection);
    parts->make_publishers(configuration);
    return parts;
}

void LeaderParts::make_publishers(const Configuration& configuration) {
    make_signals();
    const EventLog& log = engine_.log();
    amqp::PublisherOptions options{
        .connection = connection_,
        .cursor_file = configuration.data / "publisher",
        .report = [logger = log_](const std::string& what) { logger->warn("{}", what); },
        .unconfirmed_max = limits::deliveries_unconfirmed_max,
        .seed = broker_seed(instance_)};
    options.connection.name = "verbatim publisher";
    publisher_ = std::make_unique<amqp::Publisher>(
        log, std::make_unique<amqp::DeliveryStream>(log, instance_, leadership_), options
    );
    if (!configuration.publish_json) return;
    options.connection.name = "verbatim JSON publisher";
    options.cursor_file = configuration.data / "publisher.json";
    options.report = [logger = log_](const std::string& what) {
        logger->warn("verbatim.events: {}", what);
    };
    json_publisher_ = std::make_unique<amqp::Publisher>(
        log, std::make_unique<amqp::EnvelopeStream>(log, leadership_), std::move(options)
    );
}

void LeaderParts::make_signals() {
    amqp::SignalOptions options{
        .connection = connection_,
        .epoch = engine_.log().epoch(),
        .node = instance_,
        .received = [this](const SignalFrom& signal) { hear_(signal); },
        .report = [logger = log_](const std::string& what) { logger->warn("{}", what); },
        .seed = broker_seed(instance_) + 1};
    options.connection.name = "verbatim signals";
    signals_ = std::make_unique<amqp::Signals>(std::move(options));
}

void LeaderParts::add_routes(api::RouteTable& table, const api::Services& services) const {
    if (!access_) return;
    api::add_node_routes(table, services, *access_);
    add_frame_route(table, services, access_->secret);
}

bool LeaderParts::is_handed_over(const api::HttpRequest& request) const {
    return access_ && is_from_node(request, access_->secret);
}

// Whoever is told last may be told an older state first: what holds is what is so now.
void LeaderParts::lead_or_not() {
    using State = amqp::Leadership::State;
    const std::lock_guard lock(leading_mutex_);
    const State state = leadership_.state();
    if (state == State::leading) return engine_.hold_commands(std::nullopt);
    engine_.hold_commands("not_the_leader");
    if (state == State::undecided)
        log_->warn(
            "this process was stopped for some seconds: the broker is asked who leads before "
            "commands are taken again"
        );
    if (state == State::fenced)
        log_->error(
            "another process leads this log: this one takes no commands any more. Stop one of "
            "them; what this log has and the other one's has not must be given up."
        );
    if (state == State::standing_by)
        log_->warn(
            "another connection holds the queue that says who leads, and says nothing: no commands "
            "are taken until it is gone"
        );
}

void LeaderParts::start(Hooks hooks) {
    if (!publisher_) return leadership_.broker_is_away();
    engine_.hold_commands("not_the_leader");
    publisher_->start();
    leadership_.wait_for_decision(decision_patience);
    leadership_.broker_is_away();
    if (json_publisher_) json_publisher_->start();
    hear_ = std::move(hooks.hear);
    signals_->start();
}

void LeaderParts::stop() {
    if (signals_) signals_->stop();
    if (json_publisher_) json_publisher_->stop();
    if (publisher_) publisher_->stop();
    pages_.stop();
}

void LeaderParts::wake() {
    if (publisher_) publisher_->wake();
    if (json_publisher_) json_publisher_->wake();
}

void LeaderParts::tell_others(const Signal& signal) {
    if (signals_) signals_->send(signal);
}

std::string LeaderParts::broker_state() const {
    return publisher_->figures().state;
}

std::optional<BrokerGauges> LeaderParts::gauges() const {
    if (!publisher_) return std::nullopt;
    const amqp::PublisherFigures figures = publisher_->figures();
    const std::uint64_t head = engine_.log().head().value();
    return BrokerGauges{
        .published_position = figures.confirmed.value(),
        .lag_events = head - std::min(head, figures.confirmed.value()),
        .messages_confirmed = figures.messages_confirmed,
        .connects = figures.connects,
        .connected = figures.connected,
        .blocked = figures.blocked,
        .leads = leadership_.leads(),
        .signals_dropped = signals_ ? signals_->dropped() : 0};
}

}  // namespace verbatim
