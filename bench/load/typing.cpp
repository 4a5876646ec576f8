#include "bench/load/typing.hpp"

#include <array>
#include <sys/epoll.h>
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

struct TypingRun::Phase {
    const TypingPlan& plan;
    std::int64_t measured_from;
    std::int64_t next_send;
    std::int64_t begun;
    TypingResult result;
};

TypingRun::TypingRun(
    const Target& target,
    std::vector<std::unique_ptr<Feed>>& feeds,
    const std::vector<std::string>& rooms,
    const User& sender
)
    : feeds_(feeds), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const std::string& room : rooms) {
        begins_.push_back(typing_frame(room, true));
        ends_.push_back(typing_frame(room, false));
    }
    const std::string body = R"({"text":")" + std::string(200, 'm') + R"("})";
    const std::string path = "/api/v1/rooms/" + rooms.front() + "/messages";
    request_ = request_text("POST", path, sender.token, body);
    for (std::size_t i = 0; i < connections; ++i) connections_.emplace_back(target);
    const auto watch = [this](int socket, std::uint64_t index) {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
    };
    for (std::size_t i = 0; i < feeds_.size(); ++i) watch(feeds_[i]->socket(), i);
    for (std::size_t i = 0; i < connections; ++i)
        watch(connections_[i].socket(), feeds_.size() + i);
}

TypingRun::~TypingRun() {
    ::close(poll_);
}

void TypingRun::settle(double seconds) {
    const auto quiet = static_cast<std::int64_t>(seconds * 1e6);
    std::uint64_t read = read_by(feeds_);
    for (std::int64_t since = now_us(); now_us() - since < quiet;) {
        serve(100, nullptr);
        const std::uint64_t now_read = read_by(feeds_);
        if (now_read != read) since = now_us();
        read = now_read;
    }
}

TypingResult TypingRun::run(const TypingPlan& plan) {
    const std::int64_t begun = now_us();
    const std::int64_t from = begun + static_cast<std::int64_t>(plan.warm_up_seconds * 1e6);
    const std::int64_t end = from + static_cast<std::int64_t>(plan.seconds * 1e6);
    Phase phase{plan, from, begun, begun, {}};
    const std::uint64_t read = read_by(feeds_);
    // It spins: the time in which a generator wakes up is not the server's.
    while (now_us() < end) {
        send_what_is_due(phase);
        type_what_is_due(phase);
        serve(0, &phase);
    }
    phase.result.told = read_by(feeds_) - read;
    phase.result.errors += closed_;
    return phase.result;
}

void TypingRun::serve(int timeout_ms, Phase* phase) {
    std::array<epoll_event, 256> ready{};
    const int count = ::epoll_wait(poll_, ready.data(), ready.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
        if (index >= feeds_.size()) {
            serve_connection(index - feeds_.size(), phase);
        } else if (!feeds_[index]->receive([](std::string_view) {})) {
            ++closed_;
            ::epoll_ctl(poll_, EPOLL_CTL_DEL, feeds_[index]->socket(), nullptr);
        }
    }
}

void TypingRun::serve_connection(std::size_t index, Phase* phase) {
    HttpConnection& connection = connections_[index];
    const int status = connection.receive();
    if (status == 0 || phase == nullptr) return;
    if (status != 201) ++phase->result.errors;
    if (connection.sent_at() >= phase->measured_from)
        phase->result.latency.add(now_us() - connection.sent_at());
}

void TypingRun::send_what_is_due(Phase& phase) {
    if (now_us() < phase.next_send) return;
    phase.next_send += static_cast<std::int64_t>(1e6 / phase.plan.sends_per_second);
    for (HttpConnection& connection : connections_) {
        if (connection.is_waiting()) continue;
        return connection.send(request_);
    }
    ++phase.result.late_sends;
}

// Everybody's frames, evenly spread over time: the k-th is feed k % feeds's.
void TypingRun::type_what_is_due(Phase& phase) {
    if (phase.plan.typing_per_second <= 0) return;
    const double all_per_second = phase.plan.typing_per_second * static_cast<double>(feeds_.size());
    const auto due = static_cast<std::uint64_t>(
        static_cast<double>(now_us() - phase.begun) / 1e6 * all_per_second
    );
    for (std::size_t i = 0; i < frames_per_turn_max && phase.result.typed < due; ++i) {
        const std::size_t feed = phase.result.typed % feeds_.size();
        const std::size_t room = feed % begins_.size();
        const bool begins = phase.result.typed / feeds_.size() % 2 == 0;
        if (!feeds_[feed]->send(begins ? begins_[room] : ends_[room])) ++phase.result.errors;
        ++phase.result.typed;
    }
}

}  // namespace bench
