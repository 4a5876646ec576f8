#include "broker/feed/replay_session.hpp"

#include "broker/feed/bounds.hpp"
#include "broker/feed/refusal.hpp"
#include "domain/limits.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <utility>

namespace verbatim::feed {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The id of the one answer that has no request of its own.
constexpr std::string_view request_id = "replay";

std::string_view as_std(beast::string_view text) {
    return {text.data(), text.size()};
}

ReplaySession::Time now() {
    return std::chrono::steady_clock::now();
}

// A page of another site must not read a history off its reader's own machine.
bool is_of_this_machine(std::string_view origin) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!origin.starts_with(scheme)) continue;
        std::string_view host = origin.substr(scheme.size());
        host = host.substr(0, host.rfind(':'));
        return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    }
    return false;
}

FeedScope scope_of(const FeedRequest& request) {
    FeedScope scope;
    if (request.chat_room)
        scope.rooms = {*request.chat_room};
    else if (!request.rooms.empty() || request.names_no_room)
        scope.rooms = request.rooms;
    return scope;
}

}  // namespace

ReplaySession::ReplaySession(OutboundSocket::Socket socket, Host& host, FeedCounters& counters)
    : host_(host),
      stream_(std::move(socket), static_cast<OutboundSocket::Owner&>(*this), counters),
      progressed_(now()),
      next_ping_(now() + seconds(limits::feed_heartbeat_seconds)),
      due_(now() + milliseconds(bounds::handshake_ms_max)) {
    stream_.read_message_max(limits::feed_frame_bytes_max);
}

void ReplaySession::start() {
    read_request();
}

void ReplaySession::read_request() {
    parser_.emplace();
    parser_->header_limit(bounds::head_bytes_max);
    http::async_read_header(
        stream_.next_layer(),
        buffer_,
        *parser_,
        [self = shared_from_this()](const beast::error_code& error, std::size_t) {
            if (self->phase_ != Phase::handshake) return;
            if (error) return self->finish();
            self->request_was_read();
        }
    );
}

void ReplaySession::request_was_read() {
    const auto& request = parser_->get();
    auto wanted = read_feed_request(
        {.target = as_std(request.target()),
         .authorization = as_std(request[http::field::authorization]),
         .subprotocols = as_std(request[http::field::sec_websocket_protocol])}
    );
    if (!wanted) return refuse(wanted.error());
    if (!websocket::is_upgrade(request))
        return refuse(http_problem(426, "this port speaks WebSocket (RFC 6455) only"));
    const std::string_view origin = as_std(request[http::field::origin]);
    if (!origin.empty() && !is_of_this_machine(origin))
        return refuse(not_allowed("a replay is not opened from pages of other machines"));
    request_ = std::move(*wanted);
    scope_ = scope_of(request_);
    accept();
}

void ReplaySession::refuse(const Problem& problem) {
    auto frames = std::make_shared<Frames>();
    frames->bytes = refusal_text(problem, request_id);
    frames->count = 1;
    phase_ = Phase::closing;
    due_ = now() + milliseconds(bounds::closing_ms_max);
    stream_.next_layer().push(std::move(frames));
    flush();
    linger();
}

void ReplaySession::accept() {
    const auto rest = buffer_.data();
    stream_.next_layer().put_back(std::string(static_cast<const char*>(rest.data()), rest.size()));
    buffer_.clear();
    if (request_.offers_bearer) {
        stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
            answer.set(http::field::sec_websocket_protocol, "bearer");
        }));
    }
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
        if (kind == websocket::frame_type::pong) pongs_missing_ = 0;
    });
    stream_.async_accept(
        parser_->get(),
        [self = shared_from_this()](const beast::error_code& error) {
            if (self->phase_ != Phase::handshake) return;
            if (error) return self->finish();
            self->parser_.reset();
            self->phase_ = Phase::open;
            self->host_.opened(*self);
            self->read();
        }
    );
}

void ReplaySession::read() {
    if (phase_ == Phase::over) return;
    stream_.async_read(
        buffer_,
        [self = shared_from_this()](const beast::error_code& error, std::size_t) {
            self->was_read(error);
        }
    );
}

void ReplaySession::was_read(const beast::error_code& error) {
    if (phase_ == Phase::over) return;
    if (error) {
        peer_is_done_ = true;
        if (phase_ != Phase::closing || queued_bytes() == 0) finish();
        return;
    }
    buffer_.clear();
    // Who sends and does not read gets no further answers.
    if (phase_ == Phase::open && queued_bytes() < limits::feed_backlog_bytes_max) {
        send(problem_frame(
            {}, not_allowed("This feed replays what was; it takes no commands."), request_id
        ));
        flush();
    }
    read();
}

void ReplaySession::send(SharedFrames frames) {
    if (phase_ == Phase::open) stream_.next_layer().push(std::move(frames));
}

void ReplaySession::close(CloseCode code, std::string_view reason) {
    if (phase_ == Phase::handshake) return finish();
    if (phase_ != Phase::open) return;
    phase_ = Phase::closing;
    due_ = now() + milliseconds(bounds::closing_ms_max);
    stream_.next_layer().push(close_frame(code, reason));
    stream_.next_layer().refuse_beast();
    flush();
}

void ReplaySession::queue_is_empty() {
    if (phase_ == Phase::open) host_.has_room(*this);
    if (phase_ != Phase::closing) return;
    due_ = now() + milliseconds(bounds::closing_ms_max);
    stream_.next_layer().shutdown_send();
    if (peer_is_done_) finish();
}

// Without an upgrade: waits for the peer's end, so that it reads our answer before a reset.
void ReplaySession::linger() {
    stream_.next_layer().socket().async_read_some(
        net::buffer(thrown_away_),
        [self = shared_from_this()](const beast::error_code& error, std::size_t) {
            if (self->phase_ == Phase::over) return;
            if (error)
                self->finish();
            else
                self->linger();
        }
    );
}

void ReplaySession::finish() {
    if (phase_ == Phase::over) return;
    phase_ = Phase::over;
    stream_.next_layer().close();
    host_.ended(*this);
}

void ReplaySession::sweep(Time now) {
    if (phase_ == Phase::over) return;
    const std::uint64_t acknowledged = stream_.next_layer().peer_progress().acknowledged_bytes;
    const bool waits = queued_bytes() + stream_.next_layer().unacknowledged_bytes() > 0;
    if (!waits || std::exchange(acknowledged_bytes_, acknowledged) != acknowledged)
        progressed_ = now;
    const bool has_stalled = now - progressed_ >= seconds(replay_stall_seconds);
    switch (phase_) {
        case Phase::over: return;
        case Phase::handshake:
            if (now >= due_) finish();
            return;
        case Phase::closing:
            // What was sent before the close frame may take its time.
            if (queued_bytes() > 0 ? has_stalled : now >= due_) finish();
            return;
        case Phase::open: break;
    }
    if (has_stalled) {
        stream_.next_layer().drop_unbegun();
        return close(CloseCode::too_slow, "resume from your last position");
    }
    if (now >= next_ping_) ping(now);
}

void ReplaySession::ping(Time now) {
    next_ping_ = now + seconds(limits::feed_heartbeat_seconds);
    // While something waits for it, whether it is there shows by what it takes.
    if (queued_bytes() > 0) return;
    if (pongs_missing_ >= bounds::pongs_missed_max) return finish();
    ++pongs_missing_;
    stream_.next_layer().push_urgent(ping_frame());
    flush();
}

}  // namespace verbatim::feed
