#pragma once

#include "api/node_routes.hpp"
#include "app/configuration.hpp"
#include "app/node_role.hpp"
#include "broker/amqp/leadership.hpp"
#include "broker/amqp/publisher.hpp"
#include "broker/amqp/signals.hpp"
#include "domain/result.hpp"
#include "protocol/work_pool.hpp"
#include "tools/engine.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace verbatim {

// What a leading node has for its followers and integrations; nothing of it where none is
// configured. Without a broker the node leads.
// Threads: one makes, starts and stops it; the rest by any.
class LeaderParts final : public NodeRole {
public:
    // Errors: a sentence for people.
    [[nodiscard]] static Expected<std::unique_ptr<LeaderParts>, std::string> make(
        const Configuration& configuration, Engine& engine, std::shared_ptr<spdlog::logger> log
    );
    ~LeaderParts() override;

    // Adds what other nodes may ask, when there is a node secret.
    void add_routes(api::RouteTable& table, const api::Services& services) const override;
    [[nodiscard]] Expected<void, std::string> prepare(api::PositionWaiters&) override { return {}; }
    // Begins to publish, and returns once it is known whether this node leads: the engine's
    // commands are held with `not_the_leader` while it does not.
    void start(Hooks hooks) override;
    void stop() override;

    void wake() override;
    void tell_others(const Signal& signal) override;
    [[nodiscard]] bool has_broker() const override { return publisher_ != nullptr; }
    [[nodiscard]] std::string broker_state() const override;
    [[nodiscard]] std::optional<BrokerGauges> gauges() const override;
    [[nodiscard]] Leader* leader() override { return nullptr; }
    [[nodiscard]] std::optional<std::string> refusal() const override { return std::nullopt; }
    [[nodiscard]] bool is_handed_over(const api::HttpRequest& request) const override;

private:
    LeaderParts(Engine& engine, std::shared_ptr<spdlog::logger> log);
    void make_signals();
    void make_publishers(const Configuration& configuration);
    void lead_or_not();

    Engine& engine_;
    const std::shared_ptr<spdlog::logger> log_;
    const Uuid instance_;
    std::mutex leading_mutex_;
    amqp::Leadership leadership_;
    WorkPool pages_;
    std::optional<api::NodeAccess> access_;
    amqp::ConnectionOptions connection_;
    std::unique_ptr<amqp::Publisher> publisher_;
    std::unique_ptr<amqp::Publisher> json_publisher_;
    std::function<void(const SignalFrom&)> hear_;  // set before the signals' thread begins
    std::unique_ptr<amqp::Signals> signals_;
};

}  // namespace verbatim
