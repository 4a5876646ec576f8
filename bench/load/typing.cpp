#include "bench/load/typing.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

constexpr std::size_t connections = 16;
constexpr std::size_t frames_per_turn_max = 64;

std::string typing_frame(const std::string& room, bool typing) {
    return text_frame(
        R"({"type":"typing","room_id":")" + room + R"(","typing":)" + (typing ? "true}" : "false}")
    );
}

std::uint64_t read_by(const std::vector<std::unique_ptr<Feed>>& feeds) {
    std::uint64_t texts = 0;
    for (const auto& feed : feeds) texts += feed->texts();
    return texts;
}

}  // namespace

TypingRun::TypingRun(
    const Target& target,
    std::vector<std::unique_ptr<Feed>>& feeds,
    const std::vector<std::string>& rooms,
    const User& sender
)
    : feeds_(feeds),
      feed_poll_(::epoll_create1(EPOLL_CLOEXEC)),
      send_poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const std::string& room : rooms) {
        begins_.push_back(typing_frame(room, true));
        ends_.push_back(typing_frame(room, false));
    }
    const std::string body = R"({"text":")" + std::string(200, 'm') + R"("})";
    const std::string path = "/api/v1/rooms/" + rooms.front() + "/messages";
    request_ = request_text("POST", path, sender.token, body);
    for (std::size_t i = 0; i < connections; ++i) connections_.emplace_back(target);
    const auto watch = [](int poll, int socket, std::uint64_t index) {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
    };
    for (std::size_t i = 0; i < feeds_.size(); ++i) watch(feed_poll_, feeds_[i]->socket(), i);
    for (std::size_t i = 0; i < connections; ++i) watch(send_poll_, connections_[i].socket(), i);
}

TypingRun::~TypingRun() {
    ::close(feed_poll_);
    ::close(send_poll_);
}

void TypingRun::settle(double seconds) {
    const auto quiet = static_cast<std::int64_t>(seconds * 1e6);
    std::uint64_t read = read_by(feeds_);
    for (std::int64_t since = now_us(); now_us() - since < quiet;) {
        read_feeds(100);
        const std::uint64_t now_read = read_by(feeds_);
        if (now_read != read) since = now_us();
        read = now_read;
    }
}

TypingResult TypingRun::run(const TypingPlan& plan) {
    const double seconds = plan.warm_up_seconds + plan.seconds;
    const std::int64_t end = now_us() + static_cast<std::int64_t>(seconds * 1e6);
    const std::uint64_t read = read_by(feeds_);
    TypingResult typed;
    TypingResult sent;
    std::thread crowd([&] { type_until(end, plan.typing_per_second, typed); });
    send_until(end, plan, sent);
    crowd.join();
    sent.typed = typed.typed;
    sent.told = read_by(feeds_) - read;
    sent.errors += typed.errors + closed_;
    return sent;
}

void TypingRun::read_feeds(int timeout_ms) {
    std::array<epoll_event, 256> ready{};
    const int count = ::epoll_wait(feed_poll_, ready.data(), ready.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
        if (feeds_[index]->receive([](std::string_view) {})) continue;
        ++closed_;
        ::epoll_ctl(feed_poll_, EPOLL_CTL_DEL, feeds_[index]->socket(), nullptr);
    }
}

// Everybody's frames, evenly spread over time: the k-th is feed k % feeds's.
void TypingRun::type_until(std::int64_t end, double typing_per_second, TypingResult& result) {
    const double all_per_second = typing_per_second * static_cast<double>(feeds_.size());
    const std::int64_t begun = now_us();
    for (std::int64_t now = begun; now < end; now = now_us()) {
        const auto due =
            static_cast<std::uint64_t>(static_cast<double>(now - begun) / 1e6 * all_per_second);
        for (std::size_t i = 0; i < frames_per_turn_max && result.typed < due; ++i) {
            const std::size_t feed = result.typed % feeds_.size();
            const std::size_t room = feed % begins_.size();
            const bool begins = result.typed / feeds_.size() % 2 == 0;
            if (!feeds_[feed]->send(begins ? begins_[room] : ends_[room])) ++result.errors;
            ++result.typed;
        }
        read_feeds(1);
    }
}

void TypingRun::send_until(std::int64_t end, const TypingPlan& plan, TypingResult& result) {
    const auto pause = static_cast<std::int64_t>(1e6 / plan.sends_per_second);
    const std::int64_t from = end - static_cast<std::int64_t>(plan.seconds * 1e6);
    std::int64_t next = now_us();
    std::array<epoll_event, connections> ready{};
    for (std::int64_t now = next; now < end; now = now_us()) {
        if (now >= next) {
            next += pause;
            const auto free = std::ranges::find(connections_, false, &HttpConnection::is_waiting);
            if (free == connections_.end())
                ++result.late_sends;
            else
                free->send(request_);
        }
        const std::int64_t wait_us = std::max<std::int64_t>(next - now_us(), 0);
        const timespec wait{wait_us / 1'000'000, wait_us % 1'000'000 * 1'000};
        const int count = ::epoll_pwait2(
            send_poll_, ready.data(), static_cast<int>(ready.size()), &wait, nullptr
        );
        for (int i = 0; i < count; ++i) {
            HttpConnection& connection = connections_[ready[static_cast<std::size_t>(i)].data.u64];
            const int status = connection.receive();
            if (status == 0) continue;
            if (status != 201) ++result.errors;
            if (connection.sent_at() >= from) result.latency.add(now_us() - connection.sent_at());
        }
    }
}

}  // namespace bench
