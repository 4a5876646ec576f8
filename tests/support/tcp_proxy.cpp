#include "tests/support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace verbatim::testing {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connect_to(std::uint16_t port) {
    const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(connection, generic, sizeof address) == 0) return connection;
    ::close(connection);
    return -1;
}

void pump(int from, int to) {
    std::array<char, 64 * 1024> bytes;
    while (true) {
        const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
        if (got <= 0) break;
        for (ssize_t sent = 0; sent < got;) {
            const auto more =
                ::send(to, bytes.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
            if (more <= 0) return static_cast<void>(::shutdown(from, SHUT_RDWR));
            sent += more;
        }
    }
    ::shutdown(to, SHUT_WR);
}

}  // namespace

struct TcpProxy::Pair {
    Pair(int one, int other) : client(one), server(other) {
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        there = std::thread([this] {
            pump(client, server);
            ++ended;
        });
        back = std::thread([this] {
            pump(server, client);
            ++ended;
        });
    }
    ~Pair() {
        end();
        there.join();
        back.join();
        ::close(client);
        ::close(server);
    }
    void end() const {
        ::shutdown(client, SHUT_RDWR);
        ::shutdown(server, SHUT_RDWR);
    }

    const int client;
    const int server;
    std::atomic<int> ended{0};
    std::thread there;
    std::thread back;
};

TcpProxy::TcpProxy(std::uint16_t target) : target_(target) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, SOMAXCONN), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

TcpProxy::~TcpProxy() {
    is_ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    join_ended(/*all=*/true);
}

void TcpProxy::accept_all() {
    while (!is_ending_) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            return;
        }
        join_ended(/*all=*/false);
        const int server = is_cut_ ? -1 : connect_to(target_);
        if (server < 0) {
            ::close(client);
            continue;
        }
        auto pair = std::make_unique<Pair>(client, server);
        const std::lock_guard lock(mutex_);
        if (is_cut_) pair->end();
        pairs_.push_back(std::move(pair));
    }
}

void TcpProxy::join_ended(bool all) {
    std::vector<std::unique_ptr<Pair>> gone;
    const std::lock_guard lock(mutex_);
    for (auto& pair : pairs_)
        if (all || pair->ended == 2) gone.push_back(std::move(pair));
    std::erase(pairs_, nullptr);
}

void TcpProxy::cut() {
    is_cut_ = true;
    const std::lock_guard lock(mutex_);
    for (const auto& pair : pairs_) pair->end();
}

}  // namespace verbatim::testing
