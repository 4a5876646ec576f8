#pragma once

#include "eventstore/commands/sequencer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// What a leading node tells a broker.
struct BrokerGauges {
    std::uint64_t published_position = 0;  // confirmed in sequence
    std::uint64_t lag_events = 0;          // durable, not confirmed
    std::uint64_t messages_confirmed = 0;
    std::uint64_t connects = 0;
    bool connected = false;
    bool blocked = false;
    bool leads = false;
    std::uint64_t signals_dropped = 0;
};

// Figures that are asked for when somebody scrapes.
struct Gauges {
    std::uint64_t log_position = 0;
    std::uint64_t view_position = 0;
    std::uint64_t search_position = 0;
    std::uint64_t log_bytes = 0;
    std::uint64_t views_bytes = 0;
    std::uint64_t search_bytes = 0;
    std::uint64_t disk_free_bytes = 0;
    std::uint64_t commands_queued = 0;
    std::uint64_t http_connections = 0;
    std::uint64_t feed_sessions = 0;
    std::uint64_t feed_backlog_bytes = 0;
    std::optional<BrokerGauges> broker;  // nullopt: none is configured
};

// Prometheus metrics of one node, by prometheus-cpp. Threads: any.
class Metrics {
public:
    Metrics();
    ~Metrics();

    void request_done(std::string_view method, std::string_view route, int status, std::int64_t us);
    void batch_done(const BatchTiming& timing);
    // Feed counters, from the feed's own threads.
    void feed_frames_encoded(std::uint64_t count);
    void feed_writes(std::uint64_t count);
    void feed_deliveries(std::uint64_t count);
    void feed_closed(unsigned close_code);

    // Called on each scrape before the text is made.
    void on_scrape(std::function<Gauges()> gauges);
    // Prometheus text format 0.0.4.
    [[nodiscard]] std::string text() const;

private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

}  // namespace verbatim
