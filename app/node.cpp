#include "app/node.hpp"

#include "api/routes.hpp"
#include "api/server.hpp"
#include "app/follower_node.hpp"
#include "app/leader_parts.hpp"
#include "app/proxies.hpp"
#include "broker/feed/feed_server.hpp"
#include "protocol/random.hpp"
#include "tools/control_socket.hpp"
#include "tools/copy_requests.hpp"
#include "tools/engine.hpp"
#include "tools/progress.hpp"

#include <atomic>
#include <chrono>
#include <spdlog/spdlog.h>
#include <utility>

namespace verbatim {

namespace {

// They wait for the disk more than they compute.
constexpr std::size_t file_threads = 4;
constexpr auto drain_timeout = std::chrono::seconds(4);  // each door; both within the promised 10 s

api::HttpResponse problem_answer(int status, std::string_view detail, std::string_view request_id) {
    const Problem problem = http_problem(status, std::string(detail));
    return {
        .status = status,
        .headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}},
        .body = to_json(problem, request_id)};
}

}  // namespace

// In the order in which the parts lean on each other; destroyed backwards.
struct Node::Parts {
    Configuration configuration;
    std::shared_ptr<spdlog::logger> log;
    TrustedProxies proxies;
    Metrics metrics;
    RateLimits rate_limits;
    std::unique_ptr<AuditReads> audit_reads;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<NodeRole> role;
    std::unique_ptr<Rebuilds> rebuilds;
    std::unique_ptr<WorkPool> file_pool;
    std::unique_ptr<api::PasswordPool> passwords;
    std::unique_ptr<api::PositionWaiters> waiters;
    std::unique_ptr<api::PositionWaiters> search_waiters;
    std::unique_ptr<api::SearchPool> search_pool;
    std::atomic<bool> ready{false};
    std::unique_ptr<api::Services> services;
    std::unique_ptr<api::Server> http;
    std::unique_ptr<feed::FeedServer> feed;
    std::unique_ptr<ControlSocket> control;
    bool stopped = false;

    Expected<void, std::string> open_engine();
    void make_services();
    Expected<void, std::string> open_http();
    Expected<void, std::string> catch_up();
    Expected<void, std::string> open_feed();
    Expected<void, std::string> open_control();
    void connect();
    void take_role();
    [[nodiscard]] std::string client_of(const api::HttpRequest& request) const;
    [[nodiscard]] Gauges gauges() const;
    [[nodiscard]] std::optional<std::string> not_ready() const;
    void log_request(const api::FinishedRequest& request);
};

Expected<void, std::string> Node::Parts::open_engine() {
    EngineOptions options;
    std::unique_ptr<FollowerNode> follower;
    if (!configuration.leader.empty()) {
        auto made = FollowerNode::make(configuration, log);
        if (!made) return failure(made.error());
        follower = std::move(*made);
        options.follows = follower->followed();
    }
    options.data = configuration.data;
    options.disk_reserve_bytes = configuration.disk_reserve_mib << 20;
    options.file_bytes_max = configuration.max_file_mib << 20;
    options.destroy_deleted = configuration.deletion == "destroy";
    options.retention_days = retention_of(configuration);
    options.report = [logger = log](const std::string& what) { logger->error("{}", what); };
    options.batch_observer = [this](const BatchTiming& timing) { metrics.batch_done(timing); };
    auto opened = Engine::open(std::move(options));
    if (!opened)
        return failure(
            "cannot open " + configuration.data.string() + ": " + describe(opened.error())
        );
    engine = std::move(*opened);
    engine->prepare_sequencer();
    audit_reads = std::make_unique<AuditReads>(AuditReads::Options{
        .submit = [this](
                      Submission submission, CommandCallback callback
                  ) { engine->sequencer().submit(std::move(submission), std::move(callback)); },
        .new_uuid = [] { return new_uuid(system_now()); }});
    if (follower) {
        follower->attach(*engine);
        role = std::move(follower);
        return {};
    }
    auto leader = LeaderParts::make(configuration, *engine, log);
    if (!leader) return failure(leader.error());
    role = std::move(*leader);
    return {};
}

std::optional<std::string> Node::Parts::not_ready() const {
    if (!ready.load(std::memory_order_acquire))
        return role->leader() != nullptr ? "catching_up" : "rebuilding_views";
    if (auto refusal = role->refusal()) return refusal;
    return engine->views_failure();
}

void Node::Parts::make_services() {
    passwords = std::make_unique<api::PasswordPool>(api::PasswordPool::Options{
        .threads = configuration.password_threads});
    file_pool = std::make_unique<WorkPool>(file_threads, limits::file_jobs_max);
    waiters = std::make_unique<api::PositionWaiters>(Position());
    search_waiters = std::make_unique<api::PositionWaiters>(Position());
    search_pool = std::make_unique<api::SearchPool>(api::SearchPool::Options{});
    engine->prepare_search([this](Position indexed) { search_waiters->advanced(indexed); });
    rebuilds = std::make_unique<Rebuilds>(
        engine->views(),
        &engine->search(),
        engine->log(),
        Rebuilds::Options{
            .clock = system_now,
            .report = [logger = log](const std::string& what) { logger->info("{}", what); }}
    );
    if (configuration.rate_limits == "off") rate_limits.turn_off();
    services = std::make_unique<api::Services>(api::Services{
        .log = engine->log(),
        .views = engine->views(),
        .sequencer = engine->sequencer(),
        .tokens = engine->tokens(),
        .authenticator = engine->authenticator(),
        .audit_reads = *audit_reads,
        .command_keys = engine->command_keys(),
        .rate_limits = rate_limits,
        .passwords = *passwords,
        .waiters = *waiters,
        .search = engine->search(),
        .search_pool = *search_pool,
        .rebuilds = *rebuilds,
        .search_waiters = *search_waiters,
        .uploads = engine->uploads(),
        .file_pool = *file_pool,
        .metrics = metrics,
        .clock = system_now,
        .new_uuid = [] { return new_uuid(system_now()); },
        .client_address = [this](const api::HttpRequest& request) { return client_of(request); },
        .typing = [this](
                      const RoomId& room, const UserId& user, bool typing
                  ) { feed->typing(room, user, typing); },
        .online = [this](const UserId& user) { return feed->is_online(user); },
        .tree_head = [this](
                         Position covering, TreeHeadListener listener
                     ) { engine->tell_tree_head(covering, std::move(listener)); },
        .verifier_key = engine->verifier_key(),
        .feed_url = configuration.feed_url,
        .feed_port =
            [this] {
                return ready.load(std::memory_order_acquire) ? feed->port() : std::uint16_t{0};
            },
        .broker_state =
            [this] {
                return role->has_broker() ? std::optional(role->broker_state()) : std::nullopt;
            },
        .leader = role->leader(),
        .retention_days = retention_of(configuration),
        .not_ready = [this] { return not_ready(); }});
    metrics.on_scrape([this] { return gauges(); });
}

Gauges Node::Parts::gauges() const {
    // The feed is there from the moment at which the node is ready.
    const feed::FeedFigures feeds =
        ready.load(std::memory_order_acquire) ? feed->figures() : feed::FeedFigures{};
    return {
        .log_position = engine->log().head().value(),
        .view_position = engine->views().position().value(),
        .search_position = engine->search().position().value(),
        .log_bytes = engine->log().disk_bytes(),
        .views_bytes = engine->views().disk_bytes(),
        .search_bytes = engine->search().disk_bytes(),
        .disk_free_bytes = engine->disk_free_bytes(),
        .commands_queued = engine->sequencer().queued(),
        .http_connections = http->connections(),
        .feed_sessions = feeds.sessions,
        .feed_backlog_bytes = feeds.backlog_bytes,
        .broker = role->gauges()};
}

std::string Node::Parts::client_of(const api::HttpRequest& request) const {
    const std::string* const forwarded = request.header("x-forwarded-for");
    if (forwarded != nullptr && role->is_handed_over(request)) return *forwarded;
    return proxies.client_of(request.peer_address, forwarded ? *forwarded : "");
}

void Node::Parts::log_request(const api::FinishedRequest& request) {
    metrics.request_done(
        api::method_name(request.method), request.route, request.status, request.took.count()
    );
    const auto level = request.status >= 500 ? spdlog::level::warn : spdlog::level::debug;
    if (!log->should_log(level)) return;
    log->log(
        level,
        "{} {} {} {} us {}",
        api::method_name(request.method),
        request.route,
        request.status,
        request.took.count(),
        request.request_id
    );
}

Expected<void, std::string> Node::Parts::open_http() {
    api::ServerOptions options;
    options.bind_address = configuration.bind;
    options.port = configuration.http_port;
    options.workers = configuration.http_threads;
    options.max_connections = configuration.http_connections_max;
    options.cors_origins = configuration.cors_origins;
    api::ServerHooks hooks;
    hooks.observer = [this](const api::FinishedRequest& request) { log_request(request); };
    hooks.problem = [](int status, std::string_view, std::string_view detail, std::string_view id) {
        return problem_answer(status, detail, id);
    };
    hooks.accept_failed = [logger = log](std::string_view reason) {
        logger->error("a connection could not be accepted: {}", reason);
    };
    api::RouteTable routes = api::make_routes(*services);
    role->add_routes(routes, *services);
    http = std::make_unique<api::Server>(options, std::move(routes), std::move(hooks));
    const auto started = http->start();
    if (!started)
        return failure(
            "cannot listen on " + configuration.bind + ":" +
            std::to_string(configuration.http_port) + " for HTTP: " + started.error().detail
        );
    return {};
}

Expected<void, std::string> Node::Parts::catch_up() {
    if (auto prepared = role->prepare(*waiters); !prepared) return prepared;
    RebuildBar bar;
    const auto caught_up = engine->catch_up(std::ref(bar));
    if (!caught_up) return failure("cannot rebuild the views: " + describe(caught_up.error()));
    waiters->advanced(engine->views().position());
    return {};
}

Expected<void, std::string> Node::Parts::open_feed() {
    feed::FeedOptions options;
    options.bind = configuration.bind;
    options.port = configuration.feed_port;
    options.sessions_max = configuration.feed_sessions_max;
    options.origins = configuration.cors_origins;
    feed = std::make_unique<feed::FeedServer>(
        feed::FeedParts{
            .log = engine->log(),
            .views = engine->views(),
            .authenticator = engine->authenticator(),
            .command_keys = engine->command_keys(),
            .sequencer = engine->sequencer(),
            .audit_reads = *audit_reads,
            .uploads = engine->uploads(),
            .file_pool = *file_pool,
            .rate_limits = rate_limits,
            .metrics = metrics,
            .clock = system_now,
            .new_uuid = [] { return new_uuid(system_now()); },
            .client_address = [this](
                                  const std::string& peer, const std::string& forwarded_for
                              ) { return proxies.client_of(peer, forwarded_for); },
            .leader = role->leader(),
            .report = [logger = log](const std::string& what) { logger->error("{}", what); },
            .tell_others = role->has_broker()
                               ? [this](const Signal& signal) { role->tell_others(signal); }
                               : std::function<void(const Signal&)>()},
        std::move(options)
    );
    const auto started = feed->start();
    if (started) return {};
    feed.reset();  // it has no thread that could drain it
    return failure(
        "cannot listen on " + configuration.bind + ":" + std::to_string(configuration.feed_port) +
        " for feeds: " + started.error()
    );
}

Expected<void, std::string> Node::Parts::open_control() {
    const auto copy = [this](const std::filesystem::path& to, const CopyProgress& progress) {
        log->info("copying the log to {}", to.string());
        return engine->copy_log_to(to, progress);
    };
    auto opened = ControlSocket::open(configuration.data, answer_copy_requests(copy));
    if (!opened) return failure("cannot be asked for backups: " + describe(opened.error()));
    control = std::move(*opened);
    return {};
}

void Node::Parts::connect() {
    engine->on_projected([this](const CommittedBatch& batch) {
        waiters->advanced(batch.events.back().position);
    });
    engine->on_noted([this](const std::vector<ReadNoteChange>& changes) { feed->note(changes); });
    engine->on_announced([this](const std::shared_ptr<const CommittedBatch>& batch) {
        role->wake();
        feed->announce(batch);
    });
}

void Node::Parts::take_role() {
    role->start(
        {.hear = [this](const SignalFrom& signal) { feed->hear(signal); },
         .refused =
             [this] {
                 feed->stop_accepting();
                 static_cast<void>(feed->drain(drain_timeout));
             }}
    );
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Node::~Node() {
    stop();
}

std::uint16_t Node::http_port() const {
    return parts_->http->port();
}
std::uint16_t Node::feed_port() const {
    return parts_->feed->port();
}

Expected<std::unique_ptr<Node>, std::string> Node::start(
    const Configuration& configuration, std::shared_ptr<spdlog::logger> log
) {
    auto proxies = TrustedProxies::parse(configuration.trusted_proxies);
    if (!proxies)
        return failure("--trusted-proxies: " + proxies.error() + " is no address and no network");
    auto parts = std::make_unique<Parts>();
    parts->configuration = configuration;
    parts->log = std::move(log);
    parts->proxies = std::move(*proxies);
    if (auto opened = parts->open_engine(); !opened) return failure(opened.error());
    parts->make_services();
    std::unique_ptr<Node> node(new Node(std::move(parts)));
    if (auto opened = node->parts_->open_http(); !opened) return failure(opened.error());
    if (auto caught_up = node->parts_->catch_up(); !caught_up) return failure(caught_up.error());
    if (auto opened = node->parts_->open_feed(); !opened) return failure(opened.error());
    if (auto opened = node->parts_->open_control(); !opened) return failure(opened.error());
    node->parts_->connect();
    node->parts_->take_role();
    node->parts_->engine->start();
    node->parts_->ready.store(true, std::memory_order_release);
    return node;
}

void Node::stop() {
    if (std::exchange(parts_->stopped, true)) return;
    if (parts_->feed) parts_->feed->stop_accepting();
    if (parts_->http && !parts_->http->drain(drain_timeout))
        parts_->log->warn("some requests were still open after {} s", drain_timeout.count());
    parts_->control.reset();  // a copy that is being made is given up
    if (parts_->search_pool) parts_->search_pool->stop();
    if (parts_->rebuilds) parts_->rebuilds->stop();
    // Every command that was taken is answered; feeds get what they made, then 1001.
    if (parts_->role->leader() != nullptr) parts_->role->stop();  // what it copies comes first
    parts_->engine->stop();
    if (parts_->feed && !parts_->feed->drain(drain_timeout))
        parts_->log->warn("some feeds were still open after {} s", drain_timeout.count());
    parts_->role->stop();       // it may still give signals to the feed
    parts_->file_pool->stop();  // what it still does uses the doors
    parts_->http.reset();
    parts_->feed.reset();
}

}  // namespace verbatim
