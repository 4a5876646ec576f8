#include "bench/load/feed.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr std::uint8_t text = 1;
constexpr std::uint8_t close_frame = 8;
constexpr std::uint8_t ping = 9;
constexpr std::uint8_t pong = 10;
constexpr std::size_t short_payload_max = 125;

}  // namespace

Feed::Feed(const Target& target, const User& user, const std::string& query)
    : socket_(connect_to(target.host, target.feed_port)) {
    const std::string request =
        "GET /api/v1/feed?token=" + user.token + query +
        " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    if (!send(request)) throw std::runtime_error("a feed's handshake was not sent");
    while (pending_.find("\r\n\r\n") == std::string::npos) read_blocking();
    if (!pending_.starts_with("HTTP/1.1 101"))
        throw std::runtime_error("a feed was refused: " + pending_.substr(0, 200));
    pending_.erase(0, pending_.find("\r\n\r\n") + 4);
    while (!caught_up_) {
        walk([](std::string_view) {});
        if (!caught_up_) read_blocking();
    }
    events_ = 0;
    set_non_blocking(socket_);
}

Feed::~Feed() {
    ::close(socket_);
}

bool Feed::receive(const OnFrame& on_event) {
    static std::array<char, 1 << 18> chunk;
    const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (count == 0) return false;
    pending_.append(chunk.data(), static_cast<std::size_t>(count));
    return walk(on_event);
}

bool Feed::send(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

void Feed::read_blocking() {
    std::array<char, 4096> chunk{};
    const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (count <= 0) throw std::runtime_error("a feed ended before it was caught up");
    pending_.append(chunk.data(), static_cast<std::size_t>(count));
}

// The server's frames are unmasked (RFC 6455 5.2).
bool Feed::walk(const OnFrame& on_event) {
    std::size_t at = 0;
    bool open = true;
    while (pending_.size() >= at + 2) {
        const auto byte = [&](std::size_t i) {
            return static_cast<std::uint64_t>(static_cast<unsigned char>(pending_[at + i]));
        };
        std::uint64_t length = byte(1) & 0x7f;
        std::size_t head = 2;
        if (length == 126) {
            if (pending_.size() < at + 4) break;
            length = byte(2) << 8 | byte(3);
            head = 4;
        } else if (length == 127) {
            if (pending_.size() < at + 10) break;
            length = 0;
            for (std::size_t i = 2; i < 10; ++i) length = length << 8 | byte(i);
            head = 10;
        }
        if (pending_.size() < at + head + length) break;
        const std::string_view payload(pending_.data() + at + head, length);
        open = take_frame(byte(0) & 0x0f, payload, on_event) && open;
        at += head + length;
    }
    pending_.erase(0, at);
    return open;
}

bool Feed::take_frame(std::uint64_t opcode, std::string_view payload, const OnFrame& on_event) {
    if (opcode == close_frame) return false;
    if (opcode == ping) return send(client_frame(pong, payload));
    if (opcode != text) return true;
    ++texts_;
    if (payload.starts_with(R"({"type":"event")")) {
        ++events_;
        on_event(payload);
    } else if (payload.starts_with(R"({"type":"caught_up")")) {
        caught_up_ = true;
    }
    return true;
}

std::string client_frame(std::uint8_t opcode, std::string_view payload) {
    if (payload.size() > short_payload_max) throw std::logic_error("the frame is too long");
    std::string frame;
    frame += static_cast<char>(0x80 | opcode);
    frame += static_cast<char>(0x80 | payload.size());
    frame.append(4, '\0');
    return frame.append(payload);
}

std::string text_frame(std::string_view payload) {
    return client_frame(text, payload);
}

std::vector<std::unique_ptr<Feed>> open_feeds(
    const Target& target,
    std::size_t count,
    const std::vector<User>& users,
    const std::string& query
) {
    std::vector<std::unique_ptr<Feed>> feeds;
    for (std::size_t i = 0; i < count; ++i)
        feeds.push_back(std::make_unique<Feed>(target, users[i % users.size()], query));
    return feeds;
}

}  // namespace bench
