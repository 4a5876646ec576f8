#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace verbatim::api::test {

struct RawAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

// A client that sends exactly the bytes it is told, and reads answers strictly.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ =
            ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        const int one = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const timeval patience{10, 0};  // a test that would hang fails instead
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    ~RawClient() {
        if (socket_ >= 0) ::close(socket_);
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] bool is_connected() const { return is_connected_; }

    // False when the connection broke before all was taken.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    void half_close() { ::shutdown(socket_, SHUT_WR); }

    // Closes without a goodbye: the server sees a reset.
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        ::close(std::exchange(socket_, -1));
    }

    // nullopt: the connection ended, or what came is no answer. 100 is an answer here.
    std::optional<RawAnswer> read_answer(bool to_head = false) {
        const auto end = read_through("\r\n\r\n");
        if (!end) return std::nullopt;
        RawAnswer answer = parse_head(buffer_.substr(0, *end));
        buffer_.erase(0, *end);
        if (to_head || answer.status == 100 || answer.status == 204 || answer.status == 304)
            return answer;
        if (answer.headers.contains("transfer-encoding")) return read_chunks(std::move(answer));
        const auto length = answer.headers.find("content-length");
        if (length == answer.headers.end()) {
            while (receive()) {
            }
            answer.body = std::exchange(buffer_, {});
            return answer;
        }
        const auto size =
            static_cast<std::size_t>(std::strtoull(length->second.c_str(), nullptr, 10));
        while (buffer_.size() < size)
            if (!receive()) return std::nullopt;
        answer.body = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return answer;
    }

    // Whether the server has ended its side, with nothing more before that.
    bool is_closed() { return buffer_.empty() && !receive() && buffer_.empty() && was_closed_; }

    std::optional<RawAnswer> ask(std::string_view bytes) {
        if (!send(bytes)) return std::nullopt;
        return read_answer();
    }

private:
    bool receive() {
        std::array<char, 16 * 1024> bytes{};
        const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
        was_closed_ = got == 0;
        if (got <= 0) return false;
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
        return true;
    }

    std::optional<std::size_t> read_through(std::string_view mark) {
        std::size_t at = 0;
        while ((at = buffer_.find(mark)) == std::string::npos)
            if (!receive()) return std::nullopt;
        return at + mark.size();
    }

    static RawAnswer parse_head(const std::string& head) {
        RawAnswer answer;
        EXPECT_EQ(head.substr(0, 9), "HTTP/1.1 ");
        answer.status = std::atoi(head.c_str() + 9);
        for (auto begin = head.find("\r\n") + 2; begin < head.size() - 2;) {
            const auto end = head.find("\r\n", begin);
            const auto colon = head.find(": ", begin);
            auto name = head.substr(begin, colon - begin);
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
                return static_cast<char>(std::tolower(c));
            });
            EXPECT_TRUE(answer.headers.emplace(name, head.substr(colon + 2, end - colon - 2)).second
            ) << name
              << " is there twice";
            begin = end + 2;
        }
        return answer;
    }

    std::optional<RawAnswer> read_chunks(RawAnswer answer) {
        for (;;) {
            const auto line = read_through("\r\n");
            if (!line) return std::nullopt;
            const auto size = std::strtoull(buffer_.c_str(), nullptr, 16);
            buffer_.erase(0, *line);
            while (buffer_.size() < size + 2)
                if (!receive()) return std::nullopt;
            answer.body += buffer_.substr(0, size);
            buffer_.erase(0, size + 2);
            if (size == 0) return answer;
        }
    }

    int socket_;
    bool is_connected_ = false;
    bool was_closed_ = false;
    std::string buffer_;
};

}  // namespace verbatim::api::test
