#include "broker/feed/feed_server.hpp"

#include "broker/feed/acceptor.hpp"
#include "broker/feed/bounds.hpp"
#include "broker/feed/feed_session.hpp"
#include "broker/feed/session_registry.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>
#include <utility>

namespace verbatim::feed {
namespace {

using Timer = net::basic_waitable_timer<
    std::chrono::steady_clock,
    net::wait_traits<std::chrono::steady_clock>,
    net::io_context::executor_type>;

}  // namespace

struct FeedServer::Engine {
    Engine(FeedParts the_parts, FeedOptions the_options)
        : parts(std::move(the_parts)),
          options(std::move(the_options)),
          hub(
              {.log = parts.log,
               .memberships = parts.views.memberships(),
               .counters = counters,
               .presence = presence,
               .post = [this](std::function<void()> task) { net::post(*io, std::move(task)); },
               .now = options.now,
               .tell_others = parts.tell_others}
          ),
          context{
              .parts = parts,
              .options = options,
              .io = io,
              .counters = counters,
              .hub = hub,
              .worker = worker,
              .ended =
                  [this](FeedSession& session) {
                      sessions.remove(session);
                      tell_if_all_gone();
                  }},
          acceptor(
              *io,
              [this](OutboundSocket::Socket socket) { admit(std::move(socket)); },
              [this](const std::string& reason) {
                  if (parts.report) parts.report("feeds cannot be accepted: " + reason);
              }
          ),
          sweep_timer(*io) {}

    void admit(OutboundSocket::Socket socket);
    void sweep();
    void sweep_later();
    void report_counters();
    void tell_if_all_gone();
    void close_all();
    void stop();

    FeedParts parts;
    FeedOptions options;
    FeedCounters counters;
    FeedFigures reported;
    // One thread runs it: no locks between sessions, hub and acceptor.
    std::shared_ptr<net::io_context> io = std::make_shared<net::io_context>(1);
    net::executor_work_guard<net::io_context::executor_type> work = net::make_work_guard(*io);
    Presence presence{{.steady = options.now, .wall = parts.clock}};
    Hub hub;
    CatchUpWorker worker;
    FeedContext context;
    SessionRegistry sessions{counters};
    Acceptor acceptor;
    Timer sweep_timer;
    std::atomic<std::size_t> heard_waiting{0};  // of other nodes' signals
    bool stopping = false;
    std::optional<std::promise<void>> all_gone;  // of drain()
    std::thread thread;
};

void FeedServer::Engine::admit(OutboundSocket::Socket socket) {
    if (stopping || sessions.size() >= options.sessions_max + bounds::refusals_max) return;
    const auto admission = sessions.size() < options.sessions_max
                               ? FeedSession::Admission::welcome
                               : FeedSession::Admission::server_is_full;
    auto session = std::make_shared<FeedSession>(context, std::move(socket), admission);
    sessions.add(session);
    session->start();
}

void FeedServer::Engine::sweep_later() {
    sweep_timer.expires_after(options.sweep);
    sweep_timer.async_wait([this](const beast::error_code& error) {
        if (error || stopping) return;
        sweep();
        sweep_later();
    });
}

void FeedServer::Engine::sweep() {
    const auto now = std::chrono::steady_clock::now();
    const Timestamp wall = parts.clock();
    sessions.for_each([&](FeedSession& session) { session.sweep(now, wall); });
    hub.sweep();
    report_counters();
}

void FeedServer::Engine::tell_if_all_gone() {
    if (!all_gone || sessions.size() > 0) return;
    hub.tell_who_is_here();
    all_gone->set_value();
    all_gone.reset();
}

// The registry of metrics takes locks: it is told of sums, not of single deliveries.
void FeedServer::Engine::report_counters() {
    const FeedFigures now{
        .frames_encoded = counters.frames_encoded.value(),
        .writes = counters.writes.value(),
        .deliveries = counters.deliveries.value()};
    parts.metrics.feed_frames_encoded(now.frames_encoded - reported.frames_encoded);
    parts.metrics.feed_writes(now.writes - reported.writes);
    parts.metrics.feed_deliveries(now.deliveries - reported.deliveries);
    reported = now;
}

void FeedServer::Engine::close_all() {
    hub.finish_announced();
    sessions.for_each([](FeedSession& session) {
        session.close(CloseCode::draining, "this node is going away");
    });
    tell_if_all_gone();
}

void FeedServer::Engine::stop() {
    stopping = true;
    acceptor.stop();
    sweep_timer.cancel();
    sessions.for_each([](FeedSession& session) { session.abort(); });
    report_counters();
    work.reset();  // run() returns once the last operation has been cancelled
}

FeedServer::FeedServer(FeedParts parts, FeedOptions options)
    : engine_(std::make_unique<Engine>(std::move(parts), std::move(options))) {}

FeedServer::~FeedServer() {
    Engine& engine = *engine_;
    net::post(*engine.io, [&engine] { engine.stop(); });
    if (engine.thread.joinable())
        engine.thread.join();
    else
        engine.io->run();
}

Expected<void, std::string> FeedServer::start() {
    Engine& engine = *engine_;
    auto listening = engine.acceptor.listen(engine.options.bind, engine.options.port);
    if (!listening) return listening;
    engine.sweep_later();
    engine.thread = std::thread([&engine] { engine.io->run(); });
    return {};
}

std::uint16_t FeedServer::port() const {
    return engine_->acceptor.port();
}

void FeedServer::announce(const std::shared_ptr<const CommittedBatch>& batch) {
    engine_->hub.announce(batch);
}

void FeedServer::note(const std::vector<ReadNoteChange>& changes) {
    net::post(*engine_->io, [this, changes] {
        for (const ReadNoteChange& change : changes)
            if (!change.is_recorded) engine_->hub.note(change.note);
    });
}

void FeedServer::typing(const RoomId& room, const UserId& user, bool typing) {
    net::post(*engine_->io, [this, room, user, typing] {
        engine_->hub.typing(room, user, typing);
    });
}

void FeedServer::hear(const SignalFrom& signal) {
    if (engine_->heard_waiting.fetch_add(1) >= limits::signals_waiting_max) {
        engine_->heard_waiting.fetch_sub(1);
        return;
    }
    net::post(*engine_->io, [this, signal] {
        engine_->heard_waiting.fetch_sub(1);
        engine_->hub.heard(signal);
    });
}

bool FeedServer::is_online(const UserId& user) const {
    return engine_->presence.is_online(user);
}

void FeedServer::stop_accepting() {
    net::post(*engine_->io, [this] { engine_->acceptor.stop(); });
}

bool FeedServer::drain(std::chrono::milliseconds timeout) {
    std::promise<void> gone;
    auto all_gone = gone.get_future();
    net::post(*engine_->io, [this, gone = std::move(gone)]() mutable {
        engine_->all_gone = std::move(gone);
        engine_->close_all();
    });
    return all_gone.wait_for(timeout) == std::future_status::ready;
}

FeedFigures FeedServer::figures() const {
    const FeedCounters& counters = engine_->counters;
    return {
        .sessions = counters.sessions.value(),
        .backlog_bytes = counters.backlog_bytes.value(),
        .frames_encoded = counters.frames_encoded.value(),
        .writes = counters.writes.value(),
        .deliveries = counters.deliveries.value()};
}

}  // namespace verbatim::feed
