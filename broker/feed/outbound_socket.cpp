#include "broker/feed/outbound_socket.hpp"

#include "broker/feed/bounds.hpp"

#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace verbatim::feed {

OutboundSocket::OutboundSocket(Socket socket, Owner& owner, FeedCounters& counters)
    : socket_(std::move(socket)), owner_(owner), counters_(counters) {
    beast::error_code ignored;  // a socket that is broken already says so at its first use
    socket_.non_blocking(true, ignored);
    socket_.set_option(net::ip::tcp::no_delay(true), ignored);
}

void OutboundSocket::push(SharedFrames frames) {
    if (broken_) return;
    counters_.backlog_bytes.add(frames->bytes.size());
    queue_.push(std::move(frames));
}

void OutboundSocket::push_urgent(SharedFrames frames) {
    if (broken_) return;
    counters_.backlog_bytes.add(frames->bytes.size());
    queue_.push_urgent(std::move(frames));
}

void OutboundSocket::drop_unbegun() {
    const std::size_t before = queue_.bytes();
    queue_.drop_unbegun();
    counters_.backlog_bytes.subtract(before - queue_.bytes());
}

void OutboundSocket::flush() {
    if (waiting_ || broken_ || queue_.empty()) return;
    while (!queue_.empty()) {
        if (!write_once()) return;
    }
    owner_.queue_is_empty();
}

bool OutboundSocket::write_once() {
    std::array<iovec, bounds::write_items_max> parts;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = queue_.gather(parts.data(), parts.size(), bounds::write_bytes_max);
    std::size_t gathered = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) gathered += parts[i].iov_len;

    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            wait_for_room();
        else
            fail();
        return false;
    }
    const auto count = static_cast<std::size_t>(sent);
    counters_.writes.add(1);
    sent_bytes_ += count;
    counters_.backlog_bytes.subtract(count);
    queue_.consume(count);
    if (count == gathered) return true;
    wait_for_room();
    return false;
}

void OutboundSocket::wait_for_room() {
    waiting_ = true;
    socket_.async_wait(
        Socket::wait_write,
        [this, alive = owner_.keep_alive()](const beast::error_code& error) {
            waiting_ = false;
            if (error)
                fail();
            else
                flush();
        }
    );
}

void OutboundSocket::fail() {
    if (broken_) return;
    broken_ = true;
    forget_backlog();
    owner_.write_failed();
}

void OutboundSocket::forget_backlog() {
    counters_.backlog_bytes.subtract(queue_.bytes());
    queue_ = {};
}

std::size_t OutboundSocket::unacknowledged_bytes() const {
    int bytes = 0;
    // native_handle() is not const; asking the kernel changes nothing.
    const int descriptor = const_cast<Socket&>(socket_).native_handle();
    if (::ioctl(descriptor, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
    return static_cast<std::size_t>(bytes);
}

OutboundSocket::PeerProgress OutboundSocket::peer_progress() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    const int descriptor = const_cast<Socket&>(socket_).native_handle();
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
    return {
        .acknowledged_bytes = sent_bytes_ - unacknowledged_bytes(),
        .since_last_sign = std::chrono::milliseconds(info.tcpi_last_ack_recv)};
}

void OutboundSocket::shutdown_send() {
    beast::error_code ignored;  // the peer may be gone
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void OutboundSocket::close() {
    broken_ = true;
    forget_backlog();
    beast::error_code ignored;
    socket_.close(ignored);
}

}  // namespace verbatim::feed
