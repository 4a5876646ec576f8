#pragma once

#include "broker/feed/outbound_socket.hpp"
#include "domain/result.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace verbatim::feed {

// The listening socket. The feed thread's, but for listen() and port().
class Acceptor {
public:
    // `failed`: told when connections cannot be accepted, once until one can be again. They wait
    // meanwhile, and are tried again.
    Acceptor(
        net::io_context& io,
        std::function<void(OutboundSocket::Socket)> accepted,
        std::function<void(const std::string& reason)> failed
    );

    // An error is a sentence for people.
    [[nodiscard]] Expected<void, std::string> listen(
        const std::string& address, std::uint16_t port
    );
    [[nodiscard]] std::uint16_t port() const { return port_; }
    void stop();

private:
    void accept();
    void accept_later(const beast::error_code& error);

    using Executor = net::io_context::executor_type;
    std::function<void(OutboundSocket::Socket)> accepted_;
    std::function<void(const std::string&)> failed_;
    net::basic_socket_acceptor<net::ip::tcp, Executor> acceptor_;
    net::basic_waitable_timer<
        std::chrono::steady_clock,
        net::wait_traits<std::chrono::steady_clock>,
        Executor>
        pause_;
    std::uint16_t port_ = 0;
    bool stopped_ = false;
    bool failing_ = false;
};

}  // namespace verbatim::feed
