#include "broker/feed/replay_server.hpp"

#include "broker/feed/acceptor.hpp"
#include "broker/feed/bounds.hpp"
#include "broker/feed/replay_pace.hpp"
#include "broker/feed/replay_session.hpp"
#include "broker/feed/replay_viewer.hpp"
#include "domain/limits.hpp"

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <unistd.h>
#include <utility>
#include <vector>

namespace verbatim::feed {
namespace {

using Clock = std::chrono::steady_clock;

// One step of reading; what is held at a time.
constexpr std::size_t step_events = 512;
constexpr std::size_t step_records = 65'536;
constexpr std::size_t step_bytes = 1u << 20;
// Sent between two turns of the sockets.
constexpr std::size_t slice_events = 256;
// A client for which more waits than this is waited for.
constexpr std::size_t backlog_bytes_max = 512 * 1024;
constexpr std::size_t sessions_max = 4'096;
constexpr auto progress_interval = std::chrono::milliseconds(100);
constexpr auto sweep_interval = std::chrono::seconds(1);

// The room that an event is about, as the contract's envelope names it.
std::optional<RoomId> room_of(const RecordedEvent& event) {
    if (event.stream.kind == StreamKind::room) return RoomId(event.stream.id);
    const auto* const of_reader = std::get_if<ReaderEvent>(&event.event);
    if (of_reader == nullptr) return std::nullopt;
    return std::get<RoomRead>(*of_reader).room;
}

bool admits(const FeedScope& scope, const RecordedEvent& event) {
    const auto room = room_of(event);
    return room ? scope.admits(*room) : scope.admits_account();
}

}  // namespace

struct ReplayServer::Engine final : ReplaySession::Host {
    Engine(const EventLog& read, ReplayOptions wanted)
        : log(read),
          options(wanted),
          viewer(options.as),
          pace(options.speed, options.longest_pause) {}

    void accepted(OutboundSocket::Socket socket);
    void opened(ReplaySession& session) override;
    void has_room(ReplaySession& session) override;
    void ended(ReplaySession& session) override;

    [[nodiscard]] std::size_t open_sessions() const;
    [[nodiscard]] bool may_go_on() const;
    void go_on_soon();
    void go_on();
    [[nodiscard]] bool fill();
    [[nodiscard]] bool is_due(const RecordedEvent& event);
    void replay(const RecordedEvent& event);
    void flush_all();
    void finish();
    void end(CloseCode code, std::string_view reason);
    void tick();
    [[nodiscard]] ReplayFigures now_figures() const;

    const EventLog& log;
    ReplayOptions options;
    ReplayViewer viewer;
    ReplayPace pace;
    FeedCounters counters;
    net::io_context io{1};
    std::unique_ptr<Acceptor> acceptor;
    net::steady_timer due_timer{io};
    net::steady_timer tick_timer{io};
    std::vector<std::shared_ptr<ReplaySession>> sessions;
    std::function<void(const ReplayFigures&)> progress;

    std::deque<RecordedEvent> read_ahead;
    Position scanned;
    std::optional<Clock::time_point> next_due;  // of read_ahead's first, once it was asked
    ReplayFigures figures;
    std::optional<Clock::time_point> begun;
    std::optional<std::string> failed;
    Clock::time_point next_sweep;
    bool waits_in_queue = false;  // go_on() will run
    bool is_over = false;         // nothing more is replayed
};

void ReplayServer::Engine::accepted(OutboundSocket::Socket socket) {
    // Beyond: the socket closes here, before a handshake.
    if (is_over || sessions.size() >= sessions_max) return;
    auto session = std::make_shared<ReplaySession>(std::move(socket), *this, counters);
    sessions.push_back(session);
    session->start();
}

void ReplayServer::Engine::opened(ReplaySession& session) {
    session.send(welcome_frame(
        {.user = viewer.user(),
         .epoch = log.epoch(),
         .position = figures.reached,
         .heartbeat_seconds = limits::feed_heartbeat_seconds}
    ));
    session.flush();
    const FeedRequest& request = session.request();
    if (request.epoch && *request.epoch != epoch_text(log.epoch()))
        return session.close(CloseCode::cursor_unknown, "the cursor is of another epoch");
    if (request.after && (*request.after < figures.reached || *request.after > options.to))
        return session.close(
            CloseCode::cursor_unknown,
            "the replay is at " + std::to_string(figures.reached.value()) +
                " already, or ends before"
        );
    if (is_over) return session.close(CloseCode::draining, "the replay is over");
    go_on_soon();
}

void ReplayServer::Engine::has_room(ReplaySession&) {
    go_on_soon();
}

void ReplayServer::Engine::ended(ReplaySession& session) {
    // Whoever called may still use the session: it goes in a task of its own.
    net::post(io, [this, gone = &session] {
        std::erase_if(sessions, [gone](const auto& one) { return one.get() == gone; });
        if (is_over && sessions.empty()) io.stop();
        go_on_soon();
    });
}

std::size_t ReplayServer::Engine::open_sessions() const {
    return static_cast<std::size_t>(std::ranges::count_if(sessions, [](const auto& one) {
        return one->is_open();
    }));
}

bool ReplayServer::Engine::may_go_on() const {
    const std::size_t open = open_sessions();
    if (begun ? options.clients > 0 && open == 0 : open < options.clients) return false;
    return std::ranges::none_of(sessions, [](const auto& session) {
        return session->is_open() && session->queued_bytes() >= backlog_bytes_max;
    });
}

void ReplayServer::Engine::go_on_soon() {
    if (is_over || std::exchange(waits_in_queue, true)) return;
    net::post(io, [this] {
        waits_in_queue = false;
        if (!is_over) go_on();
    });
}

// False: there is nothing more, or it cannot be read.
bool ReplayServer::Engine::fill() {
    while (read_ahead.empty() && scanned < options.to) {
        auto step = log.scan(
            {.after = scanned,
             .up_to = options.to,
             .wants = {},
             .events_max = step_events,
             .examined_max = step_records,
             .bytes_max = step_bytes}
        );
        if (!step) {
            failed = describe(step.error());
            end(CloseCode::internal, "the log cannot be read");
            return false;
        }
        scanned = step->reached;
        for (RecordedEvent& event : step->events) {
            if (!viewer.sees(event)) continue;
            if (options.room && room_of(event) != *options.room) continue;
            read_ahead.push_back(std::move(event));
        }
    }
    return !read_ahead.empty();
}

bool ReplayServer::Engine::is_due(const RecordedEvent& event) {
    const auto now = Clock::now();
    if (!next_due) next_due = pace.due(event, now);
    if (*next_due <= now) {
        next_due.reset();
        return true;
    }
    due_timer.expires_at(*next_due);
    due_timer.async_wait([this](const beast::error_code& error) {
        if (!error) go_on_soon();
    });
    return false;
}

void ReplayServer::Engine::go_on() {
    if (!may_go_on()) return;
    if (!begun) begun = Clock::now();
    for (std::size_t i = 0; i < slice_events; ++i) {
        if (!fill()) {
            if (!is_over) finish();
            return;
        }
        if (!is_due(read_ahead.front())) return flush_all();
        replay(read_ahead.front());
        read_ahead.pop_front();
    }
    flush_all();
    go_on_soon();
}

void ReplayServer::Engine::replay(const RecordedEvent& event) {
    SharedFrames frame;
    for (const auto& session : sessions) {
        if (!session->is_open() || !admits(session->scope(), event)) continue;
        if (session->request().after && event.position <= *session->request().after) continue;
        if (!frame) frame = event_frame(event);
        ++figures.deliveries;
        figures.bytes += frame->bytes.size();
        session->send(frame);
    }
    ++figures.events;
    figures.reached = event.position;
}

void ReplayServer::Engine::flush_all() {
    // A session may end as it is flushed.
    const auto flushed = sessions;
    for (const auto& session : flushed) session->flush();
}

void ReplayServer::Engine::finish() {
    figures.reached = options.to;
    const SharedFrames caught_up = caught_up_frame(figures.reached);
    for (const auto& session : sessions) session->send(caught_up);
    end(CloseCode::draining, "the replay is over");
}

void ReplayServer::Engine::end(CloseCode code, std::string_view reason) {
    is_over = true;
    due_timer.cancel();
    acceptor->stop();
    // A session may end as it is told.
    const auto ending = sessions;
    for (const auto& session : ending) session->close(code, reason);
    if (sessions.empty()) io.stop();
}

void ReplayServer::Engine::tick() {
    const auto now = Clock::now();
    if (now >= next_sweep) {
        next_sweep = now + sweep_interval;
        const auto swept = sessions;
        for (const auto& session : swept) session->sweep(now);
    }
    if (begun && progress) progress(now_figures());
    tick_timer.expires_after(progress_interval);
    tick_timer.async_wait([this](const beast::error_code& error) {
        if (!error) tick();
    });
}

ReplayFigures ReplayServer::Engine::now_figures() const {
    ReplayFigures now = figures;
    now.clients = open_sessions();
    if (begun) now.seconds = std::chrono::duration<double>(Clock::now() - *begun).count();
    return now;
}

ReplayServer::ReplayServer(const EventLog& log, ReplayOptions options)
    : engine_(std::make_unique<Engine>(log, options)) {}

ReplayServer::~ReplayServer() = default;

Expected<void, std::string> ReplayServer::start() {
    engine_->acceptor = std::make_unique<Acceptor>(
        engine_->io,
        [engine = engine_.get()](OutboundSocket::Socket socket) {
            engine->accepted(std::move(socket));
        },
        [](const std::string&) {}
    );
    return engine_->acceptor->listen("127.0.0.1", engine_->options.port);
}

std::uint16_t ReplayServer::port() const {
    return engine_->acceptor->port();
}

Expected<ReplayFigures, std::string> ReplayServer::run(
    int interrupt, const std::function<void(const ReplayFigures&)>& progress
) {
    Engine& engine = *engine_;
    engine.progress = progress;
    net::posix::stream_descriptor interrupted(engine.io, ::dup(interrupt));
    interrupted.async_wait(
        net::posix::stream_descriptor::wait_read,
        [&engine](const beast::error_code& error) {
            if (!error && !engine.is_over) engine.end(CloseCode::draining, "interrupted");
        }
    );
    engine.tick();
    engine.go_on_soon();
    engine.io.run();
    const ReplayFigures figures = engine.now_figures();
    if (engine.failed) return failure(*engine.failed);
    return figures;
}

}  // namespace verbatim::feed
