#include "api/server.hpp"

#include "api/completion_transport.hpp"
#include "api/http_limits.hpp"
#include "api/server_core.hpp"
#include "domain/invariant.hpp"

#include <atomic>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pistache/listener.h>
#include <pistache/transport.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace verbatim::api {

namespace {

using Pistache::Tcp::Listener;

// Listener::listen_fd is private, and a Listener cannot stop accepting without stopping its
// workers. An explicit instantiation may name a private member ([temp.spec.general]/6).
int listening_descriptor(const Listener& listener);
template <auto Member>
struct ListeningDescriptor {
    friend int listening_descriptor(const Listener& listener) { return listener.*Member; }
};
template struct ListeningDescriptor<&Listener::listen_fd>;

// Pistache tells its logger, on the accepting thread, when accept() failed, and tries again at
// once, for as long as the connection waits. Without a descriptor left that would be a busy loop.
class AcceptPause final : public Pistache::Log::StringLogger {
public:
    explicit AcceptPause(std::shared_ptr<const ServerCore> core) : core_(std::move(core)) {}

    void log(Pistache::Log::Level, const std::string& message) override {
        core_->hooks.accept_failed(message);
        std::this_thread::sleep_for(limits::http_accept_pause);
    }
    [[nodiscard]] bool isEnabledFor(Pistache::Log::Level level) const override {
        return level >= Pistache::Log::Level::WARN;
    }

private:
    const std::shared_ptr<const ServerCore> core_;
};

StartError start_error(int reason, const char* what) {
    auto fault = StartFault::out_of_resources;
    if (reason == EADDRINUSE) fault = StartFault::address_in_use;
    if (reason == EADDRNOTAVAIL || reason == EACCES) fault = StartFault::address_not_usable;
    return {fault, what};
}

// Connections inherit it. The kernel then says often enough that a slow client has taken something:
// with its default of megabytes, one that takes 20 KB a second would seem to have stopped.
void bound_unsent_bytes(int listening) {
    constexpr int bytes = limits::http_kernel_unsent_bytes_max;
    ::setsockopt(listening, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

Pistache::Address address_of(const ServerOptions& options) {
    const bool is_ipv6 = options.bind_address.find(':') != std::string::npos;
    auto host = is_ipv6 ? "[" + options.bind_address + "]" : options.bind_address;
    return {std::move(host), Pistache::Port(options.port)};
}

}  // namespace

struct Server::Running {
    std::shared_ptr<ServerCore> core;
    std::unique_ptr<Listener> listener;  // null until started
    bool is_accepting = false;
};

Server::Server(ServerOptions options, RouteTable routes, ServerHooks hooks)
    : running_(std::make_unique<Running>()) {
    invariant(
        options.workers > 0 && options.workers <= limits::http_workers_max,
        "a server has at least one worker and a bounded number of them"
    );
    running_->core =
        std::make_shared<ServerCore>(std::move(options), std::move(routes), std::move(hooks));
}

Server::~Server() {
    if (!running_->listener) return;
    running_->listener->shutdown();
    running_->listener.reset();  // joins
}

Expected<void, StartError> Server::start() {
    invariant(!running_->listener, "a server is started once");
    using Pistache::Tcp::Options;
    const auto& core = running_->core;
    errno = 0;
    try {
        auto listener = std::make_unique<Listener>();
        listener->init(
            core->options.workers,
            Pistache::Flags(Options::NoDelay | Options::ReuseAddr | Options::CloseOnExec),
            "http",
            limits::http_accept_backlog,
            std::make_shared<AcceptPause>(core)
        );
        listener->setTransportFactory([core] { return make_completion_transport(core); });
        listener->bind(address_of(core->options));
        bound_unsent_bytes(listening_descriptor(*listener));
        listener->runThreaded();
        running_->listener = std::move(listener);
    } catch (const std::invalid_argument& error) {
        return failure(StartError{StartFault::address_not_usable, error.what()});
    } catch (const std::exception& error) {
        return failure(start_error(errno, error.what()));
    }
    running_->is_accepting = true;
    return {};
}

std::uint16_t Server::port() const {
    invariant(running_->listener != nullptr, "only a started server has a port");
    return running_->listener->getPort();
}

// The listening socket's place is taken by one that does not listen: the kernel closes the port and
// takes it out of the listener's epoll set, and an accept() on its way fails with EINVAL, which
// Pistache survives (as it would not survive EBADF).
void Server::stop_accepting() {
    if (!running_->listener || !std::exchange(running_->is_accepting, false)) return;
    const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (silent < 0) return;  // no descriptor left: draining goes on, the port closes at the end
    ::dup3(silent, listening_descriptor(*running_->listener), O_CLOEXEC);
    ::close(silent);
}

bool Server::drain(std::chrono::milliseconds timeout) {
    if (!running_->listener) return true;
    stop_accepting();
    running_->core->draining = true;  // each worker sees it with its next tick
    return running_->core->wait_for_no_connections(timeout);
}

std::size_t Server::connections() const {
    return running_->core->connections();
}

}  // namespace verbatim::api
