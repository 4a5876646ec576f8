#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::testing {

// How long a frame that must come is waited for. Generous: only a failing test waits so long.
inline constexpr std::chrono::milliseconds frame_patience{30'000};

// A blocking WebSocket client of the feed on 127.0.0.1, used by one thread.
class WsClient {
public:
    struct Options {
        std::uint16_t port = 0;
        std::string target;
        std::string token;         // in Authorization, where not empty
        std::string subprotocols;  // Sec-WebSocket-Protocol, where not empty
    };
    explicit WsClient(const Options& options);
    ~WsClient();
    WsClient(WsClient&&) noexcept;
    WsClient& operator=(WsClient&&) noexcept;

    // Whether the handshake succeeded and nobody has closed since.
    [[nodiscard]] bool is_open() const;
    // The status with which a refused handshake was answered; 101 for one that was not.
    [[nodiscard]] int handshake_status() const;

    // The next frame; nullopt when the connection ended or `patience` did.
    [[nodiscard]] std::optional<nlohmann::json> read(
        std::chrono::milliseconds patience = frame_patience
    );
    // The next frame of this type; those before it are dropped.
    [[nodiscard]] std::optional<nlohmann::json> read_until(std::string_view type);
    // The envelopes of all events up to `caught_up`, or up to the one at `position`, inclusive.
    [[nodiscard]] std::vector<nlohmann::json> read_until_caught_up();
    [[nodiscard]] std::vector<nlohmann::json> read_until_position(std::uint64_t position);

    void send(const nlohmann::json& frame);
    void send_text(std::string_view text);
    void send_binary(std::string_view bytes);

    // Reads on until the server closes; its close code, 1006 when there was none, 0 when it does
    // not close.
    [[nodiscard]] unsigned close_code();

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace verbatim::testing
