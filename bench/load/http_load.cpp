#include "bench/load/http_load.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace bench {

HttpConnection::HttpConnection(const Target& target)
    : socket_(connect_to(target.host, target.http_port)) {
    set_non_blocking(socket_);
}

HttpConnection::HttpConnection(HttpConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      waiting_(other.waiting_),
      sent_at_(other.sent_at_),
      buffer_(std::move(other.buffer_)) {}

HttpConnection::~HttpConnection() {
    if (socket_ >= 0) ::close(socket_);
}

void HttpConnection::send(const std::string& request) {
    sent_at_ = now_us();
    waiting_ = true;
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        throw std::runtime_error("a request did not fit the socket's buffer");
}

int HttpConnection::receive() {
    std::array<char, 65536> chunk{};
    const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    if (count <= 0) return -1;
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    const std::size_t head_end = buffer_.find("\r\n\r\n");
    if (head_end == std::string::npos) return 0;
    const std::size_t at = buffer_.find("Content-Length: ");
    std::size_t length = 0;
    if (at != std::string::npos && at < head_end)
        std::from_chars(buffer_.data() + at + 16, buffer_.data() + head_end, length);
    if (buffer_.size() < head_end + 4 + length) return 0;
    int status = -1;
    std::from_chars(buffer_.data() + 9, buffer_.data() + 12, status);
    buffer_.clear();
    waiting_ = false;
    return status;
}

HttpResult run_http(
    const Target& target,
    std::size_t connections,
    double seconds,
    double warm_up_seconds,
    int expected,
    const std::function<const std::string&(std::size_t)>& request
) {
    HttpResult result;
    std::vector<HttpConnection> all;
    all.reserve(connections);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < connections; ++i) {
        all.emplace_back(target);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, all.back().socket(), &event);
    }
    for (std::size_t i = 0; i < connections; ++i) all[i].send(request(i));

    const std::int64_t start = now_us() + static_cast<std::int64_t>(warm_up_seconds * 1e6);
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e6);
    std::array<epoll_event, 256> ready{};
    std::int64_t now = now_us();
    while (now < end) {
        const int count = ::epoll_wait(poll, ready.data(), ready.size(), 100);
        now = now_us();
        for (int i = 0; i < count; ++i) {
            const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
            HttpConnection& connection = all[index];
            const int status = connection.receive();
            if (status == 0) continue;
            const std::int64_t answered = now_us();
            if (status != expected) ++result.errors;
            if (status < 0) throw std::runtime_error("the server closed a connection");
            if (status == expected && answered >= start && answered < end) {
                ++result.answers;
                result.latency.add(answered - connection.sent_at());
            }
            connection.send(request(index));
        }
    }
    ::close(poll);
    result.seconds = seconds;
    return result;
}

namespace {

class PacedRun {
public:
    PacedRun(
        const Target& target, std::size_t connections, double rate, double seconds, double warm_up
    )
        : interval_us_(1e6 / rate),
          first_due_(now_us()),
          start_(first_due_ + static_cast<std::int64_t>(warm_up * 1e6)),
          end_(start_ + static_cast<std::int64_t>(seconds * 1e6)),
          due_of_(connections) {
        result_.seconds = seconds;
        connections_.reserve(connections);
        for (std::size_t i = 0; i < connections; ++i) {
            connections_.emplace_back(target);
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            ::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_.back().socket(), &event);
            free_.push_back(i);
        }
    }
    ~PacedRun() { ::close(poll_); }

    HttpResult run(int expected, const std::function<const std::string&(std::size_t)>& request) {
        std::array<epoll_event, 256> ready{};
        while (now_us() < end_ || free_.size() < connections_.size()) {
            send_what_is_due(request);
            const std::int64_t wait_us = std::max<std::int64_t>(next_due() - now_us(), 0);
            const timespec wait{
                .tv_sec = wait_us / 1'000'000, .tv_nsec = wait_us % 1'000'000 * 1'000};
            const int count = ::epoll_pwait2(poll_, ready.data(), ready.size(), &wait, nullptr);
            for (int i = 0; i < count; ++i)
                take_answer(
                    static_cast<std::size_t>(ready[static_cast<std::size_t>(i)].data.u64), expected
                );
        }
        return result_;
    }

private:
    // Of the next request that has a connection; otherwise only answers are awaited.
    [[nodiscard]] std::int64_t due(std::size_t n) const {
        return first_due_ + static_cast<std::int64_t>(static_cast<double>(n) * interval_us_);
    }
    [[nodiscard]] std::int64_t next_due() const {
        constexpr std::int64_t longest = 100'000;
        return free_.empty() || due(sent_) >= end_ ? now_us() + longest : due(sent_);
    }
    void send_what_is_due(const std::function<const std::string&(std::size_t)>& request) {
        while (!free_.empty() && due(sent_) < end_ && due(sent_) <= now_us()) {
            const std::size_t index = free_.back();
            free_.pop_back();
            due_of_[index] = due(sent_);
            connections_[index].send(request(sent_++));
        }
    }
    void take_answer(std::size_t index, int expected) {
        const int status = connections_[index].receive();
        if (status == 0) return;
        if (status < 0) throw std::runtime_error("the server closed a connection");
        if (status != expected) ++result_.errors;
        free_.push_back(index);
        if (status != expected || due_of_[index] < start_) return;
        ++result_.answers;
        result_.latency.add(now_us() - due_of_[index]);
    }

    const double interval_us_;
    const std::int64_t first_due_;
    const std::int64_t start_;
    const std::int64_t end_;
    const int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<HttpConnection> connections_;
    std::vector<std::int64_t> due_of_;  // what a connection waits for
    std::vector<std::size_t> free_;
    std::size_t sent_ = 0;
    HttpResult result_;
};

}  // namespace

HttpResult run_paced(
    const Target& target,
    std::size_t connections,
    double rate,
    double seconds,
    double warm_up_seconds,
    int expected,
    const std::function<const std::string&(std::size_t)>& request
) {
    return PacedRun(target, connections, rate, seconds, warm_up_seconds).run(expected, request);
}

}  // namespace bench
