#include "tests/support/ws_client.hpp"

#include "tests/support/answer_recorder.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace verbatim::testing {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;

constexpr unsigned closed_without_code = 1006;

}  // namespace

// Asynchronous underneath, because a blocking read of Asio knows no time limit.
struct WsClient::Connection {
    asio::io_context io;
    websocket::stream<tcp::socket> stream{io};
    websocket::response_type response;
    beast::flat_buffer buffer;
    bool open = false;
    bool reading = false;
    std::optional<beast::error_code> read_result;
    unsigned close_code = 0;

    // Runs until `done` holds or the time is over.
    template <class Done>
    bool run_until(std::chrono::milliseconds patience, Done done) {
        const auto end = std::chrono::steady_clock::now() + patience;
        io.restart();
        while (!done() && io.run_one_until(end) > 0) {
        }
        return done();
    }

    void ended(const beast::error_code& error) {
        open = false;
        const bool closed = error == websocket::error::closed;
        close_code = closed ? static_cast<unsigned>(stream.reason().code) : closed_without_code;
    }

    template <class Buffer>
    void write(const Buffer& bytes) {
        bool written = false;
        stream.async_write(bytes, [&](beast::error_code, std::size_t) { written = true; });
        if (run_until(frame_patience, [&] { return written; })) return;
        open = false;
        stream.next_layer().close();
        io.restart();
        io.run();
    }

    // The next frame's text.
    std::optional<std::string> read_text(std::chrono::milliseconds patience) {
        if (!open) return std::nullopt;
        if (!reading) {
            reading = true;
            read_result.reset();
            stream.async_read(buffer, [this](beast::error_code error, std::size_t) {
                read_result = error;
            });
        }
        if (!run_until(patience, [&] { return read_result.has_value(); })) return std::nullopt;
        reading = false;
        if (*read_result) {
            ended(*read_result);
            return std::nullopt;
        }
        std::string text = beast::buffers_to_string(buffer.data());
        buffer.consume(buffer.size());
        return text;
    }
};

WsClient::WsClient(const Options& options) : connection_(std::make_unique<Connection>()) {
    auto& stream = connection_->stream;
    beast::error_code error;
    stream.next_layer().connect({asio::ip::address_v4::loopback(), options.port}, error);
    if (error) return;
    stream.next_layer().set_option(tcp::no_delay(true));
    stream.read_message_max(16 * 1024 * 1024);
    stream.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
        if (!options.token.empty()) request.set("Authorization", "Bearer " + options.token);
        if (!options.subprotocols.empty())
            request.set("Sec-WebSocket-Protocol", options.subprotocols);
    }));
    std::optional<beast::error_code> shaken;
    stream.async_handshake(
        connection_->response,
        "127.0.0.1:" + std::to_string(options.port),
        options.target,
        [&](beast::error_code result) { shaken = result; }
    );
    connection_->run_until(frame_patience, [&] { return shaken.has_value(); });
    connection_->open = shaken && !*shaken;
    if (!shaken) {
        stream.next_layer().close();
        connection_->run_until(frame_patience, [&] { return shaken.has_value(); });
    }
}

WsClient::~WsClient() = default;
WsClient::WsClient(WsClient&&) noexcept = default;
WsClient& WsClient::operator=(WsClient&&) noexcept = default;

bool WsClient::is_open() const {
    return connection_->open;
}

int WsClient::handshake_status() const {
    return static_cast<int>(connection_->response.result_int());
}

std::optional<nlohmann::json> WsClient::read(std::chrono::milliseconds patience) {
    const auto text = connection_->read_text(patience);
    if (!text) return std::nullopt;
    auto frame = nlohmann::json::parse(*text, nullptr, false);
    if (frame.is_discarded()) return nlohmann::json{{"type", "no JSON"}, {"text", *text}};
    record_frame(frame);
    return frame;
}

std::optional<nlohmann::json> WsClient::read_until(std::string_view type) {
    while (auto frame = read())
        if (frame->at("type") == type) return frame;
    return std::nullopt;
}

std::vector<nlohmann::json> WsClient::read_until_caught_up() {
    std::vector<nlohmann::json> events;
    while (auto frame = read()) {
        if (frame->at("type") == "caught_up") break;
        if (frame->at("type") == "event") events.push_back(frame->at("event"));
    }
    return events;
}

std::vector<nlohmann::json> WsClient::read_until_position(std::uint64_t position) {
    std::vector<nlohmann::json> events;
    while (auto frame = read()) {
        if (frame->at("type") != "event") continue;
        events.push_back(frame->at("event"));
        if (events.back().at("position").get<std::uint64_t>() >= position) break;
    }
    return events;
}

void WsClient::send(const nlohmann::json& frame) {
    send_text(frame.dump());
}

void WsClient::send_text(std::string_view text) {
    connection_->stream.text(true);
    connection_->write(asio::buffer(text));
}

void WsClient::send_binary(std::string_view bytes) {
    connection_->stream.binary(true);
    connection_->write(asio::buffer(bytes));
}

unsigned WsClient::close_code() {
    while (read()) {
    }
    return connection_->close_code;
}

}  // namespace verbatim::testing
