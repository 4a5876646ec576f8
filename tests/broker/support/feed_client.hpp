#pragma once

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace verbatim::testing {

// A blocking WebSocket client that knows nothing of Beast, and can break the rules. Waits at most
// 60 s for anything; then the running test has failed.
class FeedClient {
public:
    enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
    struct Frame {
        Opcode opcode = Opcode::text;
        std::string payload;
    };

    explicit FeedClient(std::uint16_t port, int receive_buffer_bytes = 0)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer_bytes > 0) {
            ::setsockopt(
                socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes
            );
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* const any = reinterpret_cast<const sockaddr*>(&address);
        EXPECT_EQ(::connect(socket_, any, sizeof address), 0);
    }
    ~FeedClient() {
        if (socket_ >= 0) ::close(socket_);
    }
    FeedClient(FeedClient&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
    FeedClient(const FeedClient&) = delete;
    FeedClient& operator=(const FeedClient&) = delete;

    // The whole head of the answer, and for refusals the body.
    std::string upgrade(
        const std::string& target,
        const std::vector<std::pair<std::string, std::string>>& headers = {}
    ) {
        std::string request = "GET " + target +
                              " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
        send_raw(request + "\r\n");
        return read_head();
    }
    std::string read_head() {
        while (received_.find("\r\n\r\n") == std::string::npos) {
            if (!receive()) return std::exchange(received_, {});
        }
        const std::size_t end = received_.find("\r\n\r\n") + 4;
        std::string head = received_.substr(0, end);
        received_.erase(0, end);
        return head;
    }
    std::string read_to_end() {
        while (receive()) {
        }
        return std::exchange(received_, {});
    }

    void send_raw(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // the server may have hung up: reading tells
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void send(Opcode opcode, std::string_view payload) {
        std::string frame;
        frame += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
        constexpr unsigned masked = 0x80;
        unsigned length_bytes = 0;
        if (payload.size() < 126) {
            frame += static_cast<char>(masked | payload.size());
        } else if (payload.size() <= 0xffff) {
            frame += static_cast<char>(masked | 126);
            length_bytes = 2;
        } else {
            frame += static_cast<char>(masked | 127);
            length_bytes = 8;
        }
        while (length_bytes > 0)
            frame += static_cast<char>(payload.size() >> (8 * --length_bytes) & 0xff);
        constexpr std::array<unsigned char, 4> mask = {0x12, 0x34, 0x56, 0x78};
        for (const unsigned char byte : mask) frame += static_cast<char>(byte);
        for (std::size_t i = 0; i < payload.size(); ++i)
            frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
        send_raw(frame);
    }
    void send(const nlohmann::json& message) { send(Opcode::text, message.dump()); }

    // The next frame; nullopt when the connection ended.
    std::optional<Frame> read_frame() {
        while (true) {
            if (auto frame = parse()) return frame;
            if (!receive()) return std::nullopt;
        }
    }
    // The next text that is not about presence, which comes when it comes.
    nlohmann::json read() {
        while (true) {
            auto message = read_any();
            if (message.is_null() || message.at("type") != "presence") return message;
        }
    }
    // The next text, answering pings; a close frame ends the test's expectation.
    nlohmann::json read_any() {
        while (auto frame = read_frame()) {
            if (frame->opcode == Opcode::ping) {
                send(Opcode::pong, frame->payload);
            } else if (frame->opcode == Opcode::text) {
                return nlohmann::json::parse(frame->payload);
            } else {
                ADD_FAILURE() << "closed with " << code_of(*frame);
                return {};
            }
        }
        ADD_FAILURE() << "the connection ended";
        return {};
    }
    // The next text of that type; others are skipped.
    nlohmann::json read(std::string_view type) {
        while (true) {
            auto message = read_any();
            if (message.is_null() || message.at("type") == type) return message;
        }
    }
    // Skips texts until the close frame; 0: the connection ended without one.
    int read_close_code() {
        while (auto frame = read_frame()) {
            if (frame->opcode == Opcode::close) return code_of(*frame);
        }
        return 0;
    }

private:
    static int code_of(const Frame& frame) {
        if (frame.payload.size() < 2) return 1005;
        return static_cast<unsigned char>(frame.payload[0]) << 8 |
               static_cast<unsigned char>(frame.payload[1]);
    }
    std::optional<Frame> parse() {
        if (received_.size() < 2) return std::nullopt;
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(received_[i]); };
        EXPECT_EQ(byte(0) & 0xf0, 0x80) << "whole frames without extensions";
        EXPECT_EQ(byte(1) & 0x80, 0) << "servers do not mask";
        std::size_t head = 2;
        std::uint64_t size = byte(1) & 0x7f;
        const std::size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
        if (length_bytes > 0) {
            head += length_bytes;
            if (received_.size() < head) return std::nullopt;
            size = 0;
            for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
        }
        if (received_.size() < head + size) return std::nullopt;
        Frame frame{static_cast<Opcode>(byte(0) & 0x0f), received_.substr(head, size)};
        received_.erase(0, head + size);
        return frame;
    }
    bool receive() {
        pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 60'000) <= 0) {
            ADD_FAILURE() << "nothing came for a minute";
            return false;
        }
        std::array<char, 16 * 1024> buffer;
        const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (count <= 0) return false;
        received_.append(buffer.data(), static_cast<std::size_t>(count));
        return true;
    }

    int socket_ = -1;
    std::string received_;
};

}  // namespace verbatim::testing
