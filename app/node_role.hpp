#pragma once

#include "api/position_waiters.hpp"
#include "api/route_table.hpp"
#include "api/services.hpp"
#include "broker/signal.hpp"
#include "domain/result.hpp"
#include "protocol/metrics.hpp"

#include <functional>
#include <optional>
#include <string>

namespace verbatim {

// What a node does besides serving its log and views: it leads, or it follows.
// Threads: one adds, prepares, starts and stops; the rest by any.
class NodeRole {
public:
    struct Hooks {
        std::function<void(const SignalFrom&)> hear;  // other nodes' signals
        // This node must serve nothing any more: refusal() says why. Told once.
        std::function<void()> refused;
    };

    virtual ~NodeRole() = default;
    // Adds what other nodes may ask this one.
    virtual void add_routes(api::RouteTable& table, const api::Services& services) const = 0;
    // Before the views catch up with the log. Errors: a sentence for people.
    [[nodiscard]] virtual Expected<void, std::string> prepare(api::PositionWaiters& waiters) = 0;
    virtual void start(Hooks hooks) = 0;
    // Nothing is told to anybody from then on, nor heard.
    virtual void stop() = 0;

    // From CommitListener::announce. Does not block.
    virtual void wake() = 0;
    // To other nodes; does not block.
    virtual void tell_others(const Signal& signal) = 0;
    [[nodiscard]] virtual bool has_broker() const = 0;
    // For /readyz: "connected", "blocked", or what is wrong. Requires: has_broker().
    [[nodiscard]] virtual std::string broker_state() const = 0;
    // For /metrics; nullopt: this node publishes nothing.
    [[nodiscard]] virtual std::optional<BrokerGauges> gauges() const = 0;
    // Whom commands are handed over to; nullptr where this node decides.
    [[nodiscard]] virtual Leader* leader() = 0;
    // Why nothing may be served; nullopt: nothing is against it.
    [[nodiscard]] virtual std::optional<std::string> refusal() const = 0;
    // Whether it comes from a node that has judged who the client is.
    [[nodiscard]] virtual bool is_handed_over(const api::HttpRequest& request) const = 0;
};

}  // namespace verbatim
