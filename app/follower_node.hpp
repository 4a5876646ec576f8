#pragma once

#include "app/configuration.hpp"
#include "app/node_role.hpp"
#include "broker/amqp/leader_client.hpp"
#include "broker/amqp/replicator.hpp"
#include "broker/amqp/signals.hpp"
#include "broker/amqp/subscription.hpp"
#include "protocol/leader.hpp"
#include "protocol/node_secret.hpp"
#include "tools/engine.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace spdlog {
class logger;
}

namespace verbatim {

// What a following node has where a leading one has the right to decide: the connection to its
// leader, over which it copies the log, hands over commands, and fetches files.
//
// With a broker, what that one brings comes faster; it is never needed.
//
// Lifetime: the engine outlives it.
class FollowerNode final : public NodeRole, private Leader {
public:
    // Learns from the leader which log it has and which keys sign its tokens; from what was kept on
    // the disk where the leader is away. Errors: a sentence for people.
    [[nodiscard]] static Expected<std::unique_ptr<FollowerNode>, std::string> make(
        const Configuration& configuration, std::shared_ptr<spdlog::logger> log
    );
    ~FollowerNode() override;

    // For the engine that is to hold the copy.
    [[nodiscard]] const FollowedLeader& followed() const { return followed_; }
    // Before anything below is called.
    void attach(Engine& engine) { engine_ = &engine; }

    void add_routes(api::RouteTable&, const api::Services&) const override {}
    // Copies what the leader has, with a progress bar; what there is will do where it is away.
    // Errors: also when the copy is refused, and when the process was asked to end.
    [[nodiscard]] Expected<void, std::string> prepare(api::PositionWaiters& waiters) override;
    void start(Hooks hooks) override;
    void stop() override;
    void wake() override {}
    void tell_others(const Signal& signal) override;
    [[nodiscard]] bool has_broker() const override { return connection_.has_value(); }
    [[nodiscard]] std::string broker_state() const override;
    [[nodiscard]] std::optional<BrokerGauges> gauges() const override { return std::nullopt; }
    [[nodiscard]] Leader* leader() override { return this; }
    [[nodiscard]] std::optional<std::string> refusal() const override;
    [[nodiscard]] bool is_handed_over(const api::HttpRequest&) const override { return false; }

private:
    void call(LeaderCall call, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback)
        override;
    [[nodiscard]] bool fetch_blob(const Digest& digest) override;
    [[nodiscard]] Expected<BroughtFile, LeaderCallFault> bring(LeaderCall call) override;
    [[nodiscard]] std::optional<std::string> commands_paused() const override;
    [[nodiscard]] Position head() const override;
    void look() override;
    [[nodiscard]] bool is_beyond(Position position, std::chrono::steady_clock::time_point since)
        const override;

    FollowerNode(
        const Configuration& configuration,
        LeaderAddress leader,
        NodeSecret secret,
        std::shared_ptr<spdlog::logger> log
    );

    Expected<void, std::string> learn_of_log();
    Expected<void, std::string> begin_with_backup();
    Expected<void, std::string> learn_keys();
    void listen_to_broker();
    void refresh_keys();
    void keep_keys(const std::string& jwks);
    [[nodiscard]] LeaderRequest get(std::string target) const;
    [[nodiscard]] LeaderRequest request_of(LeaderCall call) const;
    [[nodiscard]] Expected<Delivery, FetchError> fetch(Position after);
    [[nodiscard]] Expected<Delivery, FetchError> delivery_at(const std::string& target);
    void reply_when_shown(
        LeaderReply reply, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback
    );
    [[nodiscard]] bool download_blob(const Digest& digest);

    const Configuration configuration_;
    const LeaderAddress address_;
    const NodeSecret secret_;
    const std::shared_ptr<spdlog::logger> log_;
    FollowedLeader followed_;
    Engine* engine_ = nullptr;
    api::PositionWaiters* waiters_ = nullptr;
    Hooks hooks_;  // set before any thread that calls them begins
    const Uuid instance_;
    std::optional<amqp::ConnectionOptions> connection_;  // nullopt: no broker is configured
    std::unique_ptr<Replicator> replicator_;
    std::unique_ptr<amqp::Subscription> subscription_;
    std::unique_ptr<amqp::Signals> signals_;
    std::unique_ptr<LeaderClient> client_;  // after what its callbacks use: it ends first
    std::atomic<std::uint64_t> files_brought_{0};
    std::mutex mutex_;
    std::chrono::steady_clock::time_point keys_asked_;  // under mutex_, as are those below
    std::set<Digest> blobs_on_their_way_;
    std::condition_variable blob_arrived_;
};

}  // namespace verbatim
