#pragma once

#include "bench/load/client.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// One WebSocket feed: shakes hands, waits until it is caught up, then reads what is there. Answers
// pings. Not for several threads.
class Feed {
public:
    // `query` follows the token: "" or "&room=…". Throws std::runtime_error when it is refused.
    Feed(const Target& target, const User& user, const std::string& query);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    using OnFrame = std::function<void(std::string_view payload)>;
    // Reads what is there and shows each event frame. False when the server closed.
    [[nodiscard]] bool receive(const OnFrame& on_event);
    // False when the socket does not take all of it: the bytes are those of whole frames.
    [[nodiscard]] bool send(std::string_view bytes) const;

    [[nodiscard]] int socket() const { return socket_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t texts() const { return texts_; }  // frames of every type

private:
    void read_blocking();
    bool walk(const OnFrame& on_event);
    bool take_frame(std::uint64_t opcode, std::string_view payload, const OnFrame& on_event);

    int socket_ = -1;
    std::string pending_;
    bool caught_up_ = false;
    std::uint64_t events_ = 0;
    std::uint64_t texts_ = 0;
};

// A client's frame, masked with zeros: `payload` has at most 125 bytes.
[[nodiscard]] std::string client_frame(std::uint8_t opcode, std::string_view payload);
// The same for a text.
[[nodiscard]] std::string text_frame(std::string_view payload);

// `count` feeds, spread over `users`.
[[nodiscard]] std::vector<std::unique_ptr<Feed>> open_feeds(
    const Target& target,
    std::size_t count,
    const std::vector<User>& users,
    const std::string& query
);

}  // namespace bench
