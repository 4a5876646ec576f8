#include "app/follower_node.hpp"

#include "app/broker_connection.hpp"
#include "domain/limits.hpp"
#include "eventstore/delivery.hpp"
#include "eventstore/log_keys.hpp"
#include "protocol/random.hpp"
#include "tools/copy_from_backup.hpp"
#include "tools/progress.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <spdlog/spdlog.h>
#include <utility>

namespace verbatim {
namespace {

using Clock = std::chrono::steady_clock;

// A page of the log and its head, and the answer to a command, which is small.
constexpr std::size_t answer_bytes_max = 8u << 20;
constexpr auto patience = std::chrono::seconds(15);
// An upload's last chunk is answered when the whole file was read once more.
constexpr auto upload_patience = std::chrono::minutes(2);
constexpr auto keys_interval = std::chrono::seconds(10);
// A broker that works brings what a command did sooner.
constexpr auto broker_time = std::chrono::milliseconds(8);
constexpr auto shown_time_max = std::chrono::milliseconds(limits::min_position_wait_ms);
constexpr auto progress_interval = std::chrono::milliseconds(100);

// SIGTERM and SIGINT are blocked in all threads and taken when the node runs.
bool was_asked_to_end() {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

class CopyBar {
public:
    void show(Position done, Position last) {
        const auto now = Clock::now();
        if (now - shown_ < progress_interval && done < last) return;
        shown_ = now;
        if (!bar_) {
            bar_ = std::make_unique<ProgressBar>("copying the leader's log", last.value());
            first_ = done;
        }
        const double seconds = std::chrono::duration<double>(now - begun_).count();
        const double rate = static_cast<double>(done.value() - first_.value()) / seconds;
        bar_->show(done.value(), std::to_string(static_cast<std::uint64_t>(rate)) + " events/s");
    }

private:
    const Clock::time_point begun_ = Clock::now();
    Clock::time_point shown_;
    Position first_;
    std::unique_ptr<ProgressBar> bar_;
};

std::string needs_newer_build(std::uint32_t min_reader) {
    return "written_by_newer_build: the leader's log needs format " + std::to_string(min_reader) +
           " to be read; this build has format " + std::to_string(log_format) +
           ". Upgrade followers before their leader.";
}

}  // namespace

FollowerNode::FollowerNode(
    const Configuration& configuration,
    LeaderAddress leader,
    NodeSecret secret,
    std::shared_ptr<spdlog::logger> log
)
    : configuration_(configuration),
      address_(std::move(leader)),
      secret_(std::move(secret)),
      log_(std::move(log)),
      instance_(new_uuid(system_now())),
      client_(std::make_unique<LeaderClient>(LeaderClient::Options{.leader = address_})) {}

FollowerNode::~FollowerNode() {
    stop();
}

Expected<std::unique_ptr<FollowerNode>, std::string> FollowerNode::make(
    const Configuration& configuration, std::shared_ptr<spdlog::logger> log
) {
    auto leader = LeaderAddress::parse(configuration.leader);
    if (!leader)
        return failure(
            "--leader: " + configuration.leader + " is not http://host or http://host:port"
        );
    if (configuration.node_secret_file.empty())
        return failure("--node-secret-file: a follower shares a secret with its leader");
    auto secret = NodeSecret::read(configuration.node_secret_file);
    if (!secret) return failure("--node-secret-file: " + secret.error());
    std::unique_ptr<FollowerNode> node(
        new FollowerNode(configuration, std::move(*leader), std::move(*secret), std::move(log))
    );
    if (!configuration.broker.empty()) {
        auto connection = broker_connection(configuration);
        if (!connection) return failure(connection.error());
        node->connection_ = std::move(*connection);
    }
    if (auto learnt = node->learn_of_log(); !learnt) return failure(learnt.error());
    if (auto begun = node->begin_with_backup(); !begun) return failure(begun.error());
    if (auto learnt = node->learn_keys(); !learnt) return failure(learnt.error());
    return node;
}

Expected<void, std::string> FollowerNode::learn_of_log() {
    followed_.origin.is_replica = true;
    const auto head = delivery_at("/internal/head");
    if (head) {
        if (head->min_reader > log_format) return failure(needs_newer_build(head->min_reader));
        followed_.origin.epoch = head->epoch;
        followed_.origin.created_at = head->created;
        followed_.origin.min_reader = head->min_reader;
        return {};
    }
    const std::string leader = address_.text() + ": " + head.error().detail;
    std::error_code fault;
    const bool has_copy = std::filesystem::exists(configuration_.data / "log" / "CURRENT", fault);
    if (head.error().fault != FetchFault::leader_away || !has_copy)
        return failure("cannot follow " + leader);
    log_->warn("the leader is away, what was copied is served: {}", leader);
    return {};
}

// Before anything else is put into the data directory.
Expected<void, std::string> FollowerNode::begin_with_backup() {
    const std::filesystem::path& backups = configuration_.from_backup;
    if (backups.empty()) return {};
    if (followed_.origin.epoch == Uuid())  // the leader is away, and there is a copy of its log
        return failure("--from-backup: " + configuration_.data.string() + " holds a log already");
    const auto filled = copy_from_backup(backups, configuration_.data, followed_.origin.epoch);
    if (!filled) return failure("--from-backup: " + describe(filled.error()));
    log_->info("{} has positions 1 to {}, verified", backups.string(), filled->value());
    return {};
}

Expected<void, std::string> FollowerNode::learn_keys() {
    const std::filesystem::path kept = configuration_.data / "keys" / "leader.jwks";
    const auto answer = client_->ask_and_wait(get("/.well-known/jwks.json"));
    if (answer && answer->status == 200) {
        followed_.jwks = answer->body;
        keep_keys(answer->body);
        return {};
    }
    std::ifstream in(kept, std::ios::binary);
    followed_.jwks.assign(std::istreambuf_iterator<char>(in), {});
    if (!followed_.jwks.empty()) return {};
    return failure(
        "the leader's keys are not known: " + address_.text() + " did not tell them, and " +
        kept.string() + " is not there"
    );
}

// Without them a follower cannot start while its leader is away; it goes on without.
void FollowerNode::keep_keys(const std::string& jwks) {
    const std::filesystem::path directory = configuration_.data / "keys";
    auto kept = make_directory(directory);
    if (kept) kept = replace_file(directory / "leader.jwks", jwks);
    if (!kept) log_->error("the leader's keys were not kept: {}", describe(kept.error()));
}

// A token names a key that is not known: the leader has a new one, or it is a stranger's.
void FollowerNode::refresh_keys() {
    {
        const std::lock_guard lock(mutex_);
        if (Clock::now() - keys_asked_ < keys_interval) return;
        keys_asked_ = Clock::now();
    }
    client_->ask(get("/.well-known/jwks.json"), [this](LeaderClient::Result answer) {
        if (!answer || answer->status != 200) return;
        if (engine_->tokens().learn(answer->body)) keep_keys(answer->body);
    });
}

LeaderRequest FollowerNode::get(std::string target) const {
    return {
        .method = "GET",
        .target = std::move(target),
        .headers = {{"Authorization", "Bearer " + secret_.text()}},
        .body = {},
        .answer_bytes_max = answer_bytes_max,
        .patience = patience};
}

Expected<Delivery, FetchError> FollowerNode::delivery_at(const std::string& target) {
    const auto answer = client_->ask_and_wait(get(target));
    if (!answer)
        return failure(FetchError{FetchFault::leader_away, std::string(name_of(answer.error()))});
    if (answer->status != 200) {
        const bool is_busy = answer->status >= 500;
        const std::string said = "it answered " + std::to_string(answer->status);
        if (is_busy) return failure(FetchError{FetchFault::leader_away, said});
        return failure(FetchError{
            FetchFault::refused,
            said + " to " + target +
                ": it leads without --node-secret-file, or with another secret, or is no leader"});
    }
    auto delivery = parse_delivery(answer->body);
    if (delivery) return std::move(*delivery);
    const bool is_newer = delivery.error().fault == StoreFault::written_by_newer_build;
    return failure(FetchError{
        is_newer ? FetchFault::needs_newer_build : FetchFault::refused, describe(delivery.error())}
    );
}

// Where the leader's log ends before that position, its head, which tells so.
Expected<Delivery, FetchError> FollowerNode::fetch(Position after) {
    auto delivery = delivery_at("/internal/log?after=" + std::to_string(after.value()));
    if (delivery || delivery.error().fault != FetchFault::refused) return delivery;
    auto head = delivery_at("/internal/head");
    return head && head->head < after ? head : delivery;
}

// A queue is bound before the leader's log is read: what it is told then is in one or the other.
void FollowerNode::listen_to_broker() {
    amqp::SubscriptionOptions log{
        .connection = *connection_,
        .epoch = engine_->log().epoch(),
        .received = [this](Delivery delivery) { replicator_->deliver(std::move(delivery)); },
        .begun = [this] { replicator_->look_now(); },
        .report = [logger = log_](const std::string& what) { logger->warn("{}", what); },
        .seed = broker_seed(instance_)};
    log.connection.name = "verbatim follower";
    subscription_ = std::make_unique<amqp::Subscription>(std::move(log));
    subscription_->start();
}

Expected<void, std::string> FollowerNode::prepare(api::PositionWaiters& waiters) {
    Engine& engine = *engine_;
    waiters_ = &waiters;
    engine.tokens().on_unknown_key([this] { refresh_keys(); });
    Replicator::Options options;
    options.newest_format = log_format;
    options.fetch = [this](Position after) { return fetch(after); };
    options.has_room = [&engine] { return engine.has_room(); };
    options.report = [logger = log_](const std::string& what) { logger->warn("{}", what); };
    options.refused = [this](const FollowState& state) {
        log_->error("{}: {}. Nothing is served.", state.reason, state.detail);
        if (hooks_.refused) hooks_.refused();
    };
    replicator_ = std::make_unique<Replicator>(engine.log(), engine.listener(), std::move(options));
    if (connection_) listen_to_broker();
    CopyBar bar;
    bool asked_to_end = false;
    const bool is_whole = replicator_->bootstrap([&](Position done, Position last) {
        bar.show(done, last);
        asked_to_end = was_asked_to_end();
        return !asked_to_end;
    });
    if (is_whole) return {};
    if (asked_to_end) return failure("asked to end while the leader's log was copied");
    const FollowState state = replicator_->state();
    if (state.phase == FollowState::Phase::refused)
        return failure(state.reason + ": " + state.detail);
    return {};
}

void FollowerNode::start(Hooks hooks) {
    hooks_ = std::move(hooks);
    replicator_->start();
    if (!connection_) return;
    amqp::SignalOptions options{
        .connection = *connection_,
        .epoch = engine_->log().epoch(),
        .node = instance_,
        .received = [this](const SignalFrom& signal) { hooks_.hear(signal); },
        .report = [logger = log_](const std::string& what) { logger->warn("{}", what); },
        .seed = broker_seed(instance_) + 1};
    options.connection.name = "verbatim signals";
    signals_ = std::make_unique<amqp::Signals>(std::move(options));
    signals_->start();
}

void FollowerNode::stop() {
    if (signals_) signals_->stop();
    if (subscription_) subscription_->stop();
    // Before it: a page that is being fetched would be waited for.
    client_->stop();
    if (replicator_) replicator_->stop();
}

void FollowerNode::tell_others(const Signal& signal) {
    if (signals_) signals_->send(signal);
}

std::string FollowerNode::broker_state() const {
    return subscription_ ? subscription_->state() : "connecting";
}

std::optional<std::string> FollowerNode::refusal() const {
    if (!replicator_) return std::nullopt;
    const FollowState state = replicator_->state();
    if (state.phase != FollowState::Phase::refused) return std::nullopt;
    return state.reason;
}

// Whoever knows the secret has judged who the client is.
LeaderRequest FollowerNode::request_of(LeaderCall call) const {
    LeaderRequest request{
        .method = std::move(call.method),
        .target = std::move(call.target),
        .headers = std::move(call.headers),
        .body = std::move(call.body),
        .answer_bytes_max = answer_bytes_max,
        .patience = patience};
    request.headers.emplace_back("X-Forwarded-For", std::move(call.client_address));
    request.headers.emplace_back("Verbatim-Node", secret_.text());
    return request;
}

void FollowerNode::call(
    LeaderCall call, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback
) {
    // Not tried while it is known to be away: a request that vanishes is worse than one refused.
    if (commands_paused()) return callback(failure(LeaderCallFault::away));
    const bool is_upload = call.target.starts_with("/api/v1/uploads");
    LeaderRequest request = request_of(std::move(call));
    if (is_upload) request.patience = upload_patience;
    client_->ask(
        std::move(request),
        [this, callback = std::move(callback)](LeaderClient::Result answer) {
            if (answer)
                return reply_when_shown(
                    {answer->status, std::move(answer->headers), std::move(answer->body)}, callback
                );
            const bool was_sent = answer.error() == LeaderFault::no_answer ||
                                  answer.error() == LeaderFault::too_large;
            callback(failure(was_sent ? LeaderCallFault::no_answer : LeaderCallFault::away));
        }
    );
}

void FollowerNode::reply_when_shown(
    LeaderReply reply, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback
) {
    const auto receipt = receipt_in(reply);
    if (!receipt || receipt->position <= engine_->views().position())
        return callback(std::move(reply));
    replicator_->look_unless_told();
    const Position wanted = receipt->position;
    const auto answer = [shared = std::make_shared<LeaderReply>(std::move(reply)),
                         callback = std::move(callback)] { callback(std::move(*shared)); };
    waiters_->wait(wanted, broker_time, [this, wanted, answer](bool is_shown) {
        if (is_shown) return answer();
        replicator_->look_now();
        waiters_->wait(wanted, shown_time_max, [answer](bool) { answer(); });
    });
}

std::optional<std::string> FollowerNode::commands_paused() const {
    if (!replicator_) return "not_ready";
    if (replicator_->state().phase == FollowState::Phase::leader_away) return "leader_away";
    return std::nullopt;
}

Position FollowerNode::head() const {
    return replicator_ ? replicator_->state().leader_head : Position();
}

void FollowerNode::look() {
    if (replicator_) replicator_->look_now();
}

bool FollowerNode::is_beyond(Position position, Clock::time_point since) const {
    if (!replicator_) return false;
    const FollowState state = replicator_->state();
    return state.asked_at >= since && position > state.leader_head;
}

}  // namespace verbatim
