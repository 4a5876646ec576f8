#include "protocol/metrics.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

namespace verbatim {
namespace {

constexpr double microseconds_per_second = 1e6;
// Routes are patterns, so there are some hundred combinations of route, method and status. Past the
// bound something is wrong with them, and what is new counts as `other`.
constexpr std::size_t request_series_max = 4'096;
constexpr std::string_view other = "other";

using Bounds = prometheus::Histogram::BucketBoundaries;

Bounds request_seconds() {
    return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
}
Bounds stage_seconds() {
    return {0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2};
}
Bounds batch_sizes() {
    return {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024, 4'096};
}

std::string_view known_method(std::string_view method) {
    constexpr std::array<std::string_view, 7> known{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    return std::ranges::find(known, method) == known.end() ? other : method;
}

// RFC 6455 7.4.1 and the contract's own.
std::string close_code_label(unsigned code) {
    constexpr std::array<unsigned, 15> known{
        1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013, 4401, 4403, 4408, 4410};
    const bool is_known = std::ranges::find(known, code) != known.end();
    return is_known ? std::to_string(code) : std::string(other);
}

struct Series {
    std::string route;
    std::string method;
    int status = 0;
};
struct SeriesView {
    std::string_view route;
    std::string_view method;
    int status = 0;

    SeriesView(std::string_view r, std::string_view m, int s) : route(r), method(m), status(s) {}
    SeriesView(const Series& series)
        : route(series.route), method(series.method), status(series.status) {}
    friend bool operator==(const SeriesView&, const SeriesView&) = default;
};
struct SeriesHash {
    using is_transparent = void;
    std::size_t operator()(const SeriesView& series) const {
        const std::hash<std::string_view> hash;
        return hash(series.route) * 31 + hash(series.method) * 7 +
               static_cast<std::size_t>(series.status);
    }
};
struct SeriesEqual {
    using is_transparent = void;
    bool operator()(const SeriesView& left, const SeriesView& right) const { return left == right; }
};

}  // namespace

struct Metrics::Registry {
    template <class Metric>
    prometheus::Family<Metric>& family(
        prometheus::detail::Builder<Metric> builder, const char* name, const char* help
    ) {
        return builder.Name(name).Help(help).Register(registry);
    }
    prometheus::Gauge& gauge(const char* name, const char* help) {
        return family(prometheus::BuildGauge(), name, help).Add({});
    }
    prometheus::Counter& counter(const char* name, const char* help) {
        return family(prometheus::BuildCounter(), name, help).Add({});
    }
    prometheus::Histogram& histogram(const char* name, const char* help) {
        return family(prometheus::BuildHistogram(), name, help).Add({}, batch_sizes());
    }
    prometheus::Histogram& stage(const char* name) {
        return stages.Add({{"stage", name}}, stage_seconds());
    }

    struct Request {
        prometheus::Counter* count = nullptr;
        prometheus::Histogram* seconds = nullptr;
    };
    Request request(SeriesView series);
    void show(const Gauges& now);

    prometheus::Registry registry;

    prometheus::Family<prometheus::Counter>& requests = family(
        prometheus::BuildCounter(), "verbatim_http_requests_total", "Answered HTTP requests."
    );
    prometheus::Family<prometheus::Histogram>& request_times = family(
        prometheus::BuildHistogram(),
        "verbatim_http_request_seconds",
        "From a request's last byte to its answer."
    );
    std::shared_mutex requests_mutex;
    std::unordered_map<Series, Request, SeriesHash, SeriesEqual> known_requests;

    prometheus::Family<prometheus::Histogram>& stages = family(
        prometheus::BuildHistogram(),
        "verbatim_command_stage_seconds",
        "What a batch of commands spends in each stage of the sequencer."
    );
    prometheus::Histogram& queue = stage("queue");
    prometheus::Histogram& decide = stage("decide");
    prometheus::Histogram& fsync = stage("fsync");
    prometheus::Histogram& project = stage("project");
    prometheus::Histogram& batch_commands =
        histogram("verbatim_batch_commands", "Commands in one group commit.");
    prometheus::Histogram& batch_events =
        histogram("verbatim_batch_events", "Events in one group commit.");
    prometheus::Counter& written_bytes =
        counter("verbatim_log_written_bytes_total", "Bytes given to the log.");

    prometheus::Counter& frames_encoded = counter(
        "verbatim_feed_frames_encoded_total", "Frames made, each once for all its readers."
    );
    prometheus::Counter& writes =
        counter("verbatim_feed_writes_total", "Writes to sockets; one may carry several frames.");
    prometheus::Counter& deliveries =
        counter("verbatim_feed_deliveries_total", "Frames handed to sessions.");
    prometheus::Family<prometheus::Counter>& closed = family(
        prometheus::BuildCounter(), "verbatim_feed_closed_total", "Feeds ended, by close code."
    );

    prometheus::Gauge& log_position =
        gauge("verbatim_log_position", "Last durable position of the log.");
    prometheus::Gauge& view_position =
        gauge("verbatim_view_position", "Position that queries show.");
    prometheus::Gauge& lag =
        gauge("verbatim_projection_lag_events", "Durable events that queries do not show yet.");
    prometheus::Gauge& search_lag =
        gauge("verbatim_search_lag_events", "Durable events that searches do not find yet.");
    prometheus::Gauge& log_bytes = gauge("verbatim_log_bytes", "Size of the log on disk.");
    prometheus::Gauge& views_bytes = gauge("verbatim_views_bytes", "Size of the views on disk.");
    prometheus::Gauge& search_bytes =
        gauge("verbatim_search_bytes", "Size of the search index on disk.");
    prometheus::Gauge& disk_free = gauge("verbatim_disk_free_bytes", "Free space beside the log.");
    prometheus::Gauge& queued =
        gauge("verbatim_commands_queued", "Commands that wait to be decided.");
    prometheus::Gauge& connections = gauge("verbatim_http_connections", "Open HTTP connections.");
    prometheus::Gauge& sessions = gauge("verbatim_feed_sessions", "Open feeds.");
    prometheus::Gauge& backlog =
        gauge("verbatim_feed_backlog_bytes", "Bytes that wait for feeds to take them.");

    // Made when there is a broker.
    struct Broker {
        explicit Broker(Registry& all) : registry(all) {}
        Registry& registry;
        prometheus::Gauge& published = registry.gauge(
            "verbatim_publisher_position", "Position up to which the broker confirmed all."
        );
        prometheus::Gauge& lag = registry.gauge(
            "verbatim_publisher_lag_events", "Durable events that the broker has not confirmed."
        );
        prometheus::Gauge& confirmed = registry.gauge(
            "verbatim_publisher_confirmed_messages", "Messages confirmed since the start."
        );
        prometheus::Gauge& connects = registry.gauge(
            "verbatim_publisher_connects", "Connections made to the broker since the start."
        );
        prometheus::Gauge& connected =
            registry.gauge("verbatim_publisher_connected", "1: the broker is there.");
        prometheus::Gauge& blocked = registry.gauge(
            "verbatim_publisher_blocked", "1: the broker takes nothing, short of memory or disk."
        );
        prometheus::Gauge& leads =
            registry.gauge("verbatim_leads", "1: this node leads its log and takes commands.");
        prometheus::Gauge& signals_dropped = registry.gauge(
            "verbatim_signals_dropped", "Typing and presence not told to other nodes."
        );
    };
    std::unique_ptr<Broker> broker;

    std::mutex scrape_mutex;
    std::function<Gauges()> ask;
};

Metrics::Registry::Request Metrics::Registry::request(SeriesView series) {
    {
        const std::shared_lock lock(requests_mutex);
        const auto known = known_requests.find(series);
        if (known != known_requests.end()) return known->second;
        if (known_requests.size() >= request_series_max)
            series = {
                other, other, series.status >= 100 && series.status < 600 ? series.status : 0};
    }
    const std::unique_lock lock(requests_mutex);
    const std::string route(series.route);
    const std::string method(series.method);
    const Request made{
        .count = &requests.Add(
            {{"method", method}, {"route", route}, {"status", std::to_string(series.status)}}
        ),
        .seconds = &request_times.Add({{"route", route}}, request_seconds())};
    return known_requests.emplace(Series{route, method, series.status}, made).first->second;
}

void Metrics::Registry::show(const Gauges& now) {
    const auto set = [](prometheus::Gauge& gauge, std::uint64_t value) {
        gauge.Set(static_cast<double>(value));
    };
    set(log_position, now.log_position);
    set(view_position, now.view_position);
    set(lag, now.log_position - std::min(now.view_position, now.log_position));
    set(search_lag, now.log_position - std::min(now.search_position, now.log_position));
    set(log_bytes, now.log_bytes);
    set(views_bytes, now.views_bytes);
    set(search_bytes, now.search_bytes);
    set(disk_free, now.disk_free_bytes);
    set(queued, now.commands_queued);
    set(connections, now.http_connections);
    set(sessions, now.feed_sessions);
    set(backlog, now.feed_backlog_bytes);
    if (!now.broker) return;
    if (!broker) broker = std::make_unique<Broker>(*this);
    set(broker->published, now.broker->published_position);
    set(broker->lag, now.broker->lag_events);
    set(broker->confirmed, now.broker->messages_confirmed);
    set(broker->connects, now.broker->connects);
    set(broker->connected, now.broker->connected ? 1 : 0);
    set(broker->blocked, now.broker->blocked ? 1 : 0);
    set(broker->leads, now.broker->leads ? 1 : 0);
    set(broker->signals_dropped, now.broker->signals_dropped);
}

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}

Metrics::~Metrics() = default;

void Metrics::request_done(
    std::string_view method, std::string_view route, int status, std::int64_t us
) {
    const auto request = registry_->request({route, known_method(method), status});
    request.count->Increment();
    request.seconds->Observe(static_cast<double>(us) / microseconds_per_second);
}

void Metrics::batch_done(const BatchTiming& timing) {
    const auto observe = [](prometheus::Histogram& histogram, std::int64_t us) {
        histogram.Observe(static_cast<double>(us) / microseconds_per_second);
    };
    observe(registry_->queue, timing.queue_us);
    observe(registry_->decide, timing.decide_us);
    observe(registry_->fsync, timing.fsync_us);
    observe(registry_->project, timing.project_us);
    registry_->batch_commands.Observe(static_cast<double>(timing.commands));
    registry_->batch_events.Observe(static_cast<double>(timing.events));
    registry_->written_bytes.Increment(static_cast<double>(timing.bytes));
}

void Metrics::feed_frames_encoded(std::uint64_t count) {
    registry_->frames_encoded.Increment(static_cast<double>(count));
}

void Metrics::feed_writes(std::uint64_t count) {
    registry_->writes.Increment(static_cast<double>(count));
}

void Metrics::feed_deliveries(std::uint64_t count) {
    registry_->deliveries.Increment(static_cast<double>(count));
}

void Metrics::feed_closed(unsigned close_code) {
    registry_->closed.Add({{"code", close_code_label(close_code)}}).Increment();
}

void Metrics::on_scrape(std::function<Gauges()> gauges) {
    const std::lock_guard lock(registry_->scrape_mutex);
    registry_->ask = std::move(gauges);
}

std::string Metrics::text() const {
    {
        const std::lock_guard lock(registry_->scrape_mutex);
        if (registry_->ask) registry_->show(registry_->ask());
    }
    return prometheus::TextSerializer().Serialize(registry_->registry.Collect());
}

}  // namespace verbatim
