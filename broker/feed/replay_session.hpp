#pragma once

#include "broker/feed/close_code.hpp"
#include "broker/feed/feed_request.hpp"
#include "broker/feed/outbound_socket.hpp"
#include "broker/feed/recipient.hpp"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace verbatim::feed {

// A client of a replay that takes nothing for so long is told 4408.
inline constexpr std::int64_t replay_stall_seconds = 60;

// One client of a replay: handshake, frames out, its end. It takes no commands: what a client sends
// gets a `problem`.
//
// Threads:  the io_context's only.
// Lifetime: shared by its server and by what it waits for; `host` outlives it.
class ReplaySession final : private OutboundSocket::Owner,
                            public std::enable_shared_from_this<ReplaySession> {
public:
    // What a session tells its server.
    class Host {
    public:
        virtual ~Host() = default;
        // The handshake is over: frames may be sent.
        virtual void opened(ReplaySession& session) = 0;
        // All that was sent has left.
        virtual void has_room(ReplaySession& session) = 0;
        // Nothing can be sent any more. The session goes when the last callback has returned.
        virtual void ended(ReplaySession& session) = 0;
    };
    using Time = std::chrono::steady_clock::time_point;

    ReplaySession(OutboundSocket::Socket socket, Host& host, FeedCounters& counters);
    void start();

    void send(SharedFrames frames);
    void flush() { stream_.next_layer().flush(); }
    // Sends what is queued, then the close frame, then ends the connection.
    void close(CloseCode code, std::string_view reason);
    void abort() { finish(); }
    // Handshakes and closings that take too long; clients that are gone, or that have taken nothing
    // for replay_stall_seconds.
    void sweep(Time now);

    [[nodiscard]] const FeedRequest& request() const { return request_; }
    [[nodiscard]] const FeedScope& scope() const { return scope_; }
    [[nodiscard]] std::size_t queued_bytes() const { return stream_.next_layer().queued_bytes(); }
    [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }

private:
    enum class Phase { handshake, open, closing, over };
    using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

    void read_request();
    void request_was_read();
    void refuse(const Problem& problem);
    void accept();
    void read();
    void was_read(const beast::error_code& error);
    void linger();
    void finish();
    void ping(Time now);
    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    void queue_is_empty() override;
    void write_failed() override { finish(); }

    Host& host_;
    boost::beast::websocket::stream<OutboundSocket, false> stream_;
    Phase phase_ = Phase::handshake;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    FeedRequest request_;
    FeedScope scope_;
    std::array<char, 256> thrown_away_{};
    bool peer_is_done_ = false;
    unsigned pongs_missing_ = 0;
    std::uint64_t acknowledged_bytes_ = 0;
    Time progressed_;  // when the peer last took something, or nothing waited for it
    Time next_ping_;
    Time due_;  // of the handshake, or of the closing
};

}  // namespace verbatim::feed
