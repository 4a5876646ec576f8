#include "bench/load/fanout.hpp"

#include "bench/load/feed.hpp"
#include "bench/load/http_load.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

// A feed that asks for everything and hardly reads: 1 KiB a second through a small window.
class SlowReader {
public:
    SlowReader(const Target& target, const User& user, const std::string& room)
        : socket_(connect_to(target.host, target.feed_port)) {
        const int small = 4096;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        const std::string request =
            "GET /api/v1/feed?after=0&room=" + room + "&token=" + user.token +
            " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0)
            throw std::runtime_error("a slow reader's handshake was not sent");
        set_non_blocking(socket_);
    }
    ~SlowReader() { ::close(socket_); }
    SlowReader(const SlowReader&) = delete;
    SlowReader& operator=(const SlowReader&) = delete;

    // False when the server closed.
    bool read_if_due(std::int64_t now) {
        if (now < due_) return true;
        due_ = now + 1'000'000;
        std::array<char, 1024> chunk{};
        return ::recv(socket_, chunk.data(), chunk.size(), 0) != 0;
    }

private:
    int socket_;
    std::int64_t due_ = 0;
};

constexpr std::string_view stamp = "sent_us=";

// 200 bytes of text that begin with the moment of sending.
std::string stamped_request(const User& sender, const std::string& room) {
    std::string text = std::string(stamp) + std::to_string(now_us()) + " ";
    text.resize(200, 'x');
    return request_text(
        "POST", "/api/v1/rooms/" + room + "/messages", sender.token, R"({"text":")" + text + R"("})"
    );
}

std::int64_t stamp_in(std::string_view payload) {
    const std::size_t at = payload.find(stamp);
    std::int64_t sent = 0;
    if (at != std::string_view::npos)
        std::from_chars(payload.data() + at + stamp.size(), payload.data() + payload.size(), sent);
    return sent;
}

class FanoutRun {
public:
    FanoutRun(
        const Target& target,
        const FanoutPlan& plan,
        const std::vector<User>& readers,
        const User& sender,
        const std::string& room
    )
        : plan_(plan), sender_(sender), room_(room) {
        feeds_ = open_feeds(target, plan.feeds, readers, "&room=" + room);
        for (std::size_t i = 0; i < senders; ++i) connections_.emplace_back(target);
        for (std::size_t i = 0; i < plan.slow_readers; ++i)
            slow_.push_back(std::make_unique<SlowReader>(target, sender, room));
        for (std::size_t i = 0; i < feeds_.size(); ++i) watch(feeds_[i]->socket(), i);
        for (std::size_t i = 0; i < senders; ++i)
            watch(connections_[i].socket(), feeds_.size() + i);
    }
    ~FanoutRun() { ::close(poll_); }

    FanoutResult run() {
        start_ = now_us() + static_cast<std::int64_t>(plan_.warm_up_seconds * 1e6);
        end_ = start_ + static_cast<std::int64_t>(plan_.seconds * 1e6);
        next_send_ = now_us();
        std::array<epoll_event, 512> ready{};
        while (now_us() < end_) {
            send_what_is_due();
            for (const auto& reader : slow_)
                if (!reader->read_if_due(now_us())) ++result_.errors;
            // Paced, it spins: one process that stands for a thousand clients must not add the time
            // in which it wakes up to what it measures.
            const int count =
                ::epoll_wait(poll_, ready.data(), ready.size(), plan_.rate > 0 ? 0 : 5);
            for (int i = 0; i < count; ++i) serve(ready[static_cast<std::size_t>(i)].data.u64);
        }
        result_.seconds = plan_.seconds;
        return result_;
    }

private:
    static constexpr std::size_t senders = 16;

    void watch(int socket, std::uint64_t index) const {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
    }

    void serve(std::size_t index) {
        if (index >= feeds_.size()) {
            const int status = connections_[index - feeds_.size()].receive();
            if (status != 0 && status != 201) ++result_.errors;
            return;
        }
        std::uint64_t seen = 0;
        const bool open = feeds_[index]->receive([&](std::string_view payload) {
            ++seen;
            if (plan_.rate > 0) note_latency(payload);
        });
        if (!open) {
            ++result_.errors;
            ::epoll_ctl(poll_, EPOLL_CTL_DEL, feeds_[index]->socket(), nullptr);
        }
        const std::int64_t now = now_us();
        if (now >= start_ && now < end_) result_.deliveries += seen;
    }

    void note_latency(std::string_view payload) {
        const std::int64_t sent = stamp_in(payload);
        if (sent >= start_ && sent < end_) result_.latency.add(now_us() - sent);
    }

    std::uint64_t slowest() const {
        std::uint64_t least = sent_;
        for (const auto& feed : feeds_) least = std::min(least, feed->events());
        return least;
    }

    void send_what_is_due() {
        const std::uint64_t room_to_send =
            plan_.rate > 0 ? senders : plan_.window - std::min(plan_.window, sent_ - slowest());
        std::uint64_t given = 0;
        for (HttpConnection& connection : connections_) {
            if (connection.is_waiting() || given >= room_to_send) continue;
            if (plan_.rate > 0 && now_us() < next_send_) return;
            connection.send(stamped_request(sender_, room_));
            ++sent_;
            ++given;
            ++result_.sent;
            if (plan_.rate > 0) next_send_ += static_cast<std::int64_t>(1e6 / plan_.rate);
        }
    }

    FanoutPlan plan_;
    User sender_;
    std::string room_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Feed>> feeds_;
    std::vector<HttpConnection> connections_;
    std::vector<std::unique_ptr<SlowReader>> slow_;
    std::uint64_t sent_ = 0;
    std::int64_t start_ = 0;
    std::int64_t end_ = 0;
    std::int64_t next_send_ = 0;
    FanoutResult result_;
};

}  // namespace

FanoutResult run_fanout(
    const Target& target,
    const FanoutPlan& plan,
    const std::vector<User>& readers,
    const User& sender,
    const std::string& room
) {
    return FanoutRun(target, plan, readers, sender, room).run();
}

void hold_feeds(
    const Target& target, std::size_t count, const std::vector<User>& readers, double seconds
) {
    const auto feeds = open_feeds(target, count, readers, "");
    std::printf("holding %zu feeds\n", feeds.size());
    std::fflush(stdout);
    ::usleep(static_cast<useconds_t>(seconds * 1e6));
}

}  // namespace bench
