#include "broker/feed/acceptor.hpp"

#include <utility>

namespace verbatim::feed {
namespace {

// After an error such as too many open files: trying again at once would only spin.
constexpr auto pause_after_error = std::chrono::milliseconds(100);

}  // namespace

Acceptor::Acceptor(
    net::io_context& io,
    std::function<void(OutboundSocket::Socket)> accepted,
    std::function<void(const std::string& reason)> failed
)
    : accepted_(std::move(accepted)), failed_(std::move(failed)), acceptor_(io), pause_(io) {}

Expected<void, std::string> Acceptor::listen(const std::string& address, std::uint16_t port) {
    beast::error_code error;
    const auto ip = net::ip::make_address(address, error);
    if (error) return failure("the feed cannot listen on " + address + ": no numeric address");
    const net::ip::tcp::endpoint endpoint(ip, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
        return failure(
            "the feed cannot listen on " + address + " port " + std::to_string(port) + ": " +
            error.message()
        );
    }
    accept();
    return {};
}

void Acceptor::accept() {
    acceptor_.async_accept([this](beast::error_code error, OutboundSocket::Socket socket) {
        if (stopped_) return;
        if (error) return accept_later(error);
        failing_ = false;
        accepted_(std::move(socket));
        accept();
    });
}

void Acceptor::accept_later(const beast::error_code& error) {
    if (!std::exchange(failing_, true)) failed_(error.message());
    pause_.expires_after(pause_after_error);
    pause_.async_wait([this](const beast::error_code&) {
        if (!stopped_) accept();
    });
}

void Acceptor::stop() {
    stopped_ = true;
    beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

}  // namespace verbatim::feed
