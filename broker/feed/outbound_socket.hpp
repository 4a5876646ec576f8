#pragma once

#include "broker/feed/counters.hpp"
#include "broker/feed/outbound_queue.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace verbatim::feed {

namespace net = boost::asio;
namespace beast = boost::beast;

// A TCP socket with the one queue through which everything leaves it; the next layer of Beast's
// websocket::stream. Beast would write one frame at a time and wait for it; here all that waits
// leaves in one gather write.
//
// What Beast itself writes (the handshake's answer; pong and close frames, while it reads) comes
// through async_write_some, is copied whole to the end of the queue, and counts as written. Data
// frames never pass through Beast. So every item of the queue is one or several whole frames, and
// nothing can come between the bytes of one. Beast's writes need no back-pressure of their own:
// the session ends a feed whose queue has outgrown its bounds, whatever it is made of.
//
// Threads:  the io_context's only.
// Lifetime: `owner` outlives the socket; while a write waits for room the owner is kept alive.
class OutboundSocket {
public:
    using executor_type = net::io_context::executor_type;
    using Socket = net::basic_stream_socket<net::ip::tcp, executor_type>;

    class Owner {
    public:
        virtual ~Owner() = default;
        [[nodiscard]] virtual std::shared_ptr<void> keep_alive() = 0;
        // Everything has left. Never called from within push() or before flush() was.
        virtual void queue_is_empty() = 0;
        virtual void write_failed() = 0;
    };

    // Requires: a connected socket.
    OutboundSocket(Socket socket, Owner& owner, FeedCounters& counters);
    ~OutboundSocket() { forget_backlog(); }
    OutboundSocket(const OutboundSocket&) = delete;
    OutboundSocket& operator=(const OutboundSocket&) = delete;

    void push(SharedFrames frames);
    void push_urgent(SharedFrames frames);
    // What has not begun to leave never will.
    void drop_unbegun();
    // From now on what Beast writes is ignored: our close frame was the last.
    void refuse_beast() { beast_may_write_ = false; }
    // Writes until the queue is empty or the peer's window full; goes on by itself when it opens.
    void flush();

    [[nodiscard]] std::size_t queued_bytes() const { return queue_.bytes(); }
    [[nodiscard]] std::size_t queued_frames() const { return queue_.frames(); }
    // Bytes that the kernel holds because the peer has not acknowledged them.
    [[nodiscard]] std::size_t unacknowledged_bytes() const;
    struct PeerProgress {
        std::uint64_t acknowledged_bytes = 0;
        std::chrono::milliseconds since_last_sign{0};  // since its system sent anything
    };
    [[nodiscard]] PeerProgress peer_progress() const;

    // Bytes that were read beyond the request's head: what is read next.
    void put_back(std::string unread) { unread_ = std::move(unread); }
    void shutdown_send();
    void close();
    [[nodiscard]] Socket& socket() { return socket_; }

    // What Beast asks of its next layer.
    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }

    template <class MutableBuffers, class Handler>
    auto async_read_some(const MutableBuffers& buffers, Handler&& handler) {
        return net::async_initiate<Handler, void(beast::error_code, std::size_t)>(
            [this](auto done, const MutableBuffers& into) {
                if (unread_.empty()) {
                    socket_.async_read_some(into, std::move(done));
                    return;
                }
                const std::size_t count = net::buffer_copy(into, net::buffer(unread_));
                unread_.erase(0, count);
                if (unread_.empty()) unread_ = {};
                net::post(get_executor(), net::append(std::move(done), beast::error_code(), count));
            },
            handler,
            buffers
        );
    }

    template <class ConstBuffers, class Handler>
    auto async_write_some(const ConstBuffers& buffers, Handler&& handler) {
        return net::async_initiate<Handler, void(beast::error_code, std::size_t)>(
            [this](auto done, const ConstBuffers& from) {
                const std::size_t count = net::buffer_size(from);
                if (beast_may_write_ && count > 0) {
                    auto frames = std::make_shared<Frames>();
                    frames->bytes.resize(count);
                    net::buffer_copy(net::buffer(frames->bytes), from);
                    frames->count = 1;
                    push(std::move(frames));
                    flush();
                }
                net::post(get_executor(), net::append(std::move(done), beast::error_code(), count));
            },
            handler,
            buffers
        );
    }

    // Beast is done with the connection; how it ends is the session's business.
    template <class Handler>
    friend void async_teardown(beast::role_type, OutboundSocket& socket, Handler&& handler) {
        net::post(
            socket.get_executor(), net::append(std::forward<Handler>(handler), beast::error_code())
        );
    }
    friend void teardown(beast::role_type, OutboundSocket&, beast::error_code& error) {
        error = {};
    }
    friend void beast_close_socket(OutboundSocket& socket) { socket.close(); }

private:
    // True: all that was gathered has left.
    [[nodiscard]] bool write_once();
    void wait_for_room();
    void fail();
    void forget_backlog();

    Socket socket_;
    Owner& owner_;
    FeedCounters& counters_;
    OutboundQueue queue_;
    std::string unread_;
    std::uint64_t sent_bytes_ = 0;
    bool waiting_ = false;  // for the peer's window
    bool broken_ = false;   // the peer is gone, or we closed
    bool beast_may_write_ = true;
};

}  // namespace verbatim::feed
