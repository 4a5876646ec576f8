#include "broker/feed/feed_session.hpp"

#include "broker/feed/bounds.hpp"
#include "broker/feed/feed_session_state.hpp"
#include "broker/feed/refusal.hpp"
#include "domain/limits.hpp"
#include "domain/type_id.hpp"

#include <algorithm>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <utility>

namespace verbatim::feed {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;
using std::chrono::milliseconds;

std::string_view as_std(beast::string_view text) {
    return {text.data(), text.size()};
}

std::string peer_address(const OutboundSocket::Socket& socket) {
    beast::error_code error;
    const auto peer = socket.remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
}

}  // namespace

FeedSession::FeedSession(FeedContext& context, OutboundSocket::Socket socket, Admission admission)
    : context_(context),
      stream_(std::move(socket), static_cast<OutboundSocket::Owner&>(*this), context.counters),
      refusal_(admission == Admission::server_is_full ? 503 : 0),
      due_(std::chrono::steady_clock::now() + milliseconds(bounds::handshake_ms_max)),
      handshake_(std::make_unique<Handshake>()) {
    stream_.read_message_max(limits::feed_frame_bytes_max);
    if (context.options.send_buffer_bytes > 0) {
        beast::error_code ignored;
        stream_.next_layer().socket().set_option(
            net::socket_base::send_buffer_size(context.options.send_buffer_bytes), ignored
        );
    }
}

FeedSession::~FeedSession() = default;

void FeedSession::start() {
    read_request();
}

void FeedSession::read_request() {
    handshake_->parser.emplace();
    handshake_->parser->header_limit(bounds::head_bytes_max);
    http::async_read_header(
        stream_.next_layer(),
        handshake_->buffer,
        *handshake_->parser,
        [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (self->is_ending()) return;
            if (!error) return self->request_was_read();
            if (error == http::error::header_limit || error == http::error::buffer_overflow)
                return self->refuse(http_problem(431, "the request's head is too large"));
            // A parser's complaint gets an answer; a peer that went away gets none.
            if (error.category() == make_error_code(http::error::bad_method).category() &&
                error != http::error::end_of_stream && error != http::error::partial_message)
                return self->refuse(bad_request("this is no HTTP request"));
            self->finish();
        }
    );
}

void FeedSession::request_was_read() {
    const auto& request = handshake_->parser->get();
    if (refusal_ == 503)
        return refuse(http_problem(503, "this node serves as many feeds as it can"));
    auto wanted = read_feed_request(
        {.target = as_std(request.target()),
         .authorization = as_std(request[http::field::authorization]),
         .subprotocols = as_std(request[http::field::sec_websocket_protocol])}
    );
    if (!wanted) return refuse(wanted.error());
    if (!websocket::is_upgrade(request)) {
        return refuse(http_problem(426, "this port speaks WebSocket (RFC 6455) only"));
    }
    const std::string_view origin = as_std(request[http::field::origin]);
    const std::string_view host = as_std(request[http::field::host]);
    if (!is_welcome_origin(origin, host, context_.options.origins))
        return refuse(not_allowed("feeds are not opened from this origin"));

    handshake_->address = context_.parts.client_address(
        peer_address(stream_.next_layer().socket()), std::string(as_std(request["X-Forwarded-For"]))
    );
    const auto allowed = context_.parts.rate_limits.take(
        Limiter::feeds_per_address, handshake_->address, std::chrono::steady_clock::now()
    );
    if (!allowed) return refuse(allowed.error());
    if (const auto admitted = admit_user(wanted->token); !admitted) return refuse(admitted.error());
    handshake_->request = std::move(*wanted);
    accept();
}

void FeedSession::refuse(const Problem& problem) {
    auto frames = std::make_shared<Frames>();
    frames->bytes = refusal_text(problem, "req_" + base32_text(context_.parts.new_uuid()));
    frames->count = 1;
    phase_ = Phase::closing;
    due_ = std::chrono::steady_clock::now() + milliseconds(bounds::closing_ms_max);
    stream_.next_layer().push(std::move(frames));
    flush();
    linger();
}

void FeedSession::accept() {
    // What the client sent behind its request are frames already.
    const auto rest = handshake_->buffer.data();
    stream_.next_layer().put_back(std::string(static_cast<const char*>(rest.data()), rest.size()));
    handshake_->buffer = {};
    if (handshake_->request.offers_bearer) {
        stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
            answer.set(http::field::sec_websocket_protocol, "bearer");
        }));
    }
    // Weak: the callback lives in the stream, and so in the session.
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
        if (kind == websocket::frame_type::pong) pongs_missing_ = 0;
    });
    stream_.async_accept(
        handshake_->parser->get(),
        [self = shared_from_this()](beast::error_code error) {
            if (self->is_ending()) return;
            // Beast has answered a handshake that it does not accept.
            if (error == websocket::error::upgrade_declined || error) {
                self->phase_ = Phase::closing;
                self->due_ =
                    std::chrono::steady_clock::now() + milliseconds(bounds::closing_ms_max);
                if (self->stream_.next_layer().queued_bytes() == 0) self->queue_is_empty();
                return self->linger();
            }
            self->upgraded_ = true;
            self->begin_feed();
        }
    );
}

void FeedSession::send(SharedFrames frames) {
    take({&frames, 1});
    flush();
}

// A reader that falls too far behind is told to come back with its last position. Nothing is lost:
// the log has it.
void FeedSession::take(std::span<const SharedFrames> frames) {
    if (is_ending() || (resumption_ && resumption_->ends_with)) return;
    OutboundSocket& socket = stream_.next_layer();
    std::size_t bytes = socket.queued_bytes();
    std::size_t count = socket.queued_frames();
    for (const SharedFrames& piece : frames) {
        if (phase_ == Phase::handing_over) {
            resumption_->held_bytes += piece->bytes.size();
            resumption_->held_frames += piece->count;
            resumption_->held.push_back(piece);
        } else {
            bytes += piece->bytes.size();
            count += piece->count;
            socket.push(piece);
        }
    }
    if (resumption_) {
        bytes += resumption_->held_bytes;
        count += resumption_->held_frames;
    }
    if (bytes > limits::feed_backlog_bytes_max || count > limits::feed_backlog_frames_max) {
        // One oversized burst is no sign of a slow reader: it may leave at once.
        if (phase_ != Phase::handing_over) socket.flush();
        if (is_ending()) return;
        const std::size_t held = resumption_ ? resumption_->held_bytes : 0;
        const std::size_t held_frames = resumption_ ? resumption_->held_frames : 0;
        if (socket.queued_bytes() + held > limits::feed_backlog_bytes_max ||
            socket.queued_frames() + held_frames > limits::feed_backlog_frames_max)
            drop_backlog_and_close(CloseCode::too_slow, "resume from your last position");
    }
}

void FeedSession::flush() {
    stream_.next_layer().flush();
}

void FeedSession::end(CloseCode code) {
    switch (code) {
        case CloseCode::not_authenticated: return close(code, "the session or the key has ended");
        case CloseCode::not_allowed: return close(code, "the role was revoked");
        case CloseCode::draining:
        case CloseCode::binary:
        case CloseCode::internal:
        case CloseCode::behind:
        case CloseCode::too_slow:
        case CloseCode::cursor_unknown: return close(code, {});
    }
}

// A feed that resumes has still to be told what it missed, and why it ends.
void FeedSession::end_after(Position position, CloseCode code) {
    const bool resumes = phase_ == Phase::catching_up || phase_ == Phase::handing_over;
    if (!resumes) return end(code);
    if (resumption_->ends_with) return;
    resumption_->ends_with = code;
    resumption_->ends_at = position;
    due_ = std::chrono::steady_clock::now() + milliseconds(bounds::closing_ms_max);
}

void FeedSession::drop_backlog_and_close(CloseCode code, std::string_view reason) {
    stream_.next_layer().drop_unbegun();
    close(code, reason);
}

void FeedSession::close(CloseCode code, std::string_view reason) {
    if (is_ending()) return;
    if (!upgraded_) return abort();
    context_.hub.leave(*this);
    context_.parts.metrics.feed_closed(static_cast<unsigned>(code));
    phase_ = Phase::closing;
    resumption_.reset();
    due_ = std::chrono::steady_clock::now() + milliseconds(bounds::closing_ms_max);
    stream_.next_layer().push(close_frame(code, reason));
    stream_.next_layer().refuse_beast();
    flush();
    read_on();
}

void FeedSession::abort() {
    finish();
}

void FeedSession::queue_is_empty() {
    if (phase_ == Phase::closing) {
        stream_.next_layer().shutdown_send();
        if (peer_is_done_) finish();
    } else if (phase_ == Phase::catching_up || phase_ == Phase::handing_over) {
        request_step();
    }
}

// Without an upgrade: waits for the peer's end, so that it reads our answer before a reset.
void FeedSession::linger() {
    stream_.next_layer().socket().async_read_some(
        net::buffer(read_into_),
        [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (self->phase_ == Phase::over) return;
            if (error)
                self->finish();
            else
                self->linger();
        }
    );
}

void FeedSession::finish() {
    if (phase_ == Phase::over) return;
    phase_ = Phase::over;
    context_.hub.leave(*this);
    resumption_.reset();
    stream_.next_layer().close();
    // Whoever called may still use the session: it goes in a task of its own.
    net::post(*context_.io, [self = shared_from_this()] { self->context_.ended(*self); });
}

void FeedSession::sweep(SteadyTime now, Timestamp wall) {
    switch (phase_) {
        case Phase::over: return;
        case Phase::handshake:
        case Phase::closing:
            if (now >= due_) finish();
            return;
        case Phase::waiting:
            if (is_beyond_leader())
                return close(CloseCode::cursor_unknown, "this log does not have that position");
            if (now >= due_) return close(CloseCode::behind, "this node is behind that cursor");
            break;
        case Phase::catching_up:
        case Phase::handing_over:
            if (resumption_->ends_with && now >= due_) return end(*resumption_->ends_with);
            break;
        case Phase::live: break;
    }
    if (wall >= expires_) return close(CloseCode::not_authenticated, "the token has expired");
    if (now >= next_ping_) check_liveness(now);
}

void FeedSession::check_liveness(SteadyTime now) {
    next_ping_ = now + context_.options.heartbeat;
    if (pongs_missing_ >= bounds::pongs_missed_max) {
        if (!is_only_slow()) finish();
        return;
    }
    ++pongs_missing_;
    stream_.next_layer().push_urgent(ping_frame());
    flush();
}

// A slow reader's pong waits behind what it has yet to read. While its system takes our bytes, or
// at least says that it has no room for them, the reader is slow and not gone.
bool FeedSession::is_only_slow() {
    OutboundSocket& socket = stream_.next_layer();
    const std::size_t of_pings = ping_frame()->bytes.size() * bounds::pongs_missed_max;
    if (socket.queued_bytes() + socket.unacknowledged_bytes() <= of_pings) return false;
    const auto peer = socket.peer_progress();
    const bool moved = peer.acknowledged_bytes != acknowledged_bytes_;
    acknowledged_bytes_ = peer.acknowledged_bytes;
    heartbeats_stalled_ =
        moved ? std::uint8_t{0} : static_cast<std::uint8_t>(heartbeats_stalled_ + 1);
    return heartbeats_stalled_ < bounds::heartbeats_stalled_max &&
           peer.since_last_sign < context_.options.heartbeat * bounds::heartbeats_silent_max;
}

}  // namespace verbatim::feed
