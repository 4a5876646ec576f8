#include "api/completion_transport.hpp"

#include "api/gate.hpp"
#include "api/http_limits.hpp"
#include "api/worker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <pistache/peer.h>
#include <pistache/transport.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace verbatim::api {

namespace {

using Pistache::Polling::NotifyOn;
using Pistache::Polling::Tag;
using Pistache::Tcp::Peer;
using Pistache::Tcp::Transport;

// Transport::peersQueue is private, and its events must go to Transport and nobody else's may. An
// explicit instantiation may name a private member ([temp.spec.general]/6).
Tag peer_queue_tag(const Transport& transport);
template <auto Queue>
struct PeerQueue {
    friend Tag peer_queue_tag(const Transport& transport) { return (transport.*Queue).tag(); }
};
template struct PeerQueue<&Transport::peersQueue>;

int new_ticker() {
    const int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::system_category(), "timerfd");
    const std::chrono::nanoseconds period = limits::http_sweep_period;
    static_assert(limits::http_sweep_period < std::chrono::seconds(1));
    const itimerspec spec{{0, period.count()}, {0, period.count()}};
    timerfd_settime(descriptor, 0, &spec, nullptr);
    return descriptor;
}

// A connection's socket. The flags are what the kernel said last: events come once, at the edge.
struct Link {
    std::shared_ptr<Peer> peer;
    Connection* connection = nullptr;
    bool may_read = false;
    bool may_write = true;
    bool is_write_watched = false;
    bool is_shut = false;
};

class CompletionTransport final : public Transport {
public:
    explicit CompletionTransport(std::shared_ptr<ServerCore> core)
        : CompletionTransport(core, std::make_shared<Worker>()) {}

    CompletionTransport(const std::shared_ptr<ServerCore>& core, std::shared_ptr<Worker> worker)
        : CompletionTransport(worker, std::make_shared<Gate>(core, worker)) {}

    ~CompletionTransport() override;
    CompletionTransport(const CompletionTransport&) = delete;
    CompletionTransport& operator=(const CompletionTransport&) = delete;

    // Pistache makes one of these for each worker; the original never runs.
    [[nodiscard]] std::shared_ptr<Pistache::Aio::Handler> clone() const override {
        return std::make_shared<CompletionTransport>(gate_->core());
    }

    void registerPoller(Pistache::Polling::Epoll& poller) override;
    void onReady(const Pistache::Aio::FdSet& events) override;

private:
    CompletionTransport(std::shared_ptr<Worker> worker, std::shared_ptr<Gate> gate)
        : CompletionTransport(std::move(worker), gate, make_gate_handler(gate)) {}
    CompletionTransport(
        std::shared_ptr<Worker> worker,
        std::shared_ptr<Gate> gate,
        std::shared_ptr<Pistache::Tcp::Handler> handler
    )
        : Transport(handler),
          worker_(std::move(worker)),
          gate_(std::move(gate)),
          handler_(std::move(handler)),
          ticker_(new_ticker()) {}

    void take_event(int descriptor);
    void take_new_peers();
    void tick();
    void deliver_letters();
    void take_turns();

    Link* find(const ConnectionKey& key);
    void serve(Link& link);
    [[nodiscard]] bool read_some(Link& link, std::size_t& budget);
    [[nodiscard]] bool write_some(Link& link, std::size_t& budget);
    void watch_writing(Link& link);
    void close(Link& link);

    const std::shared_ptr<Worker> worker_;
    const std::shared_ptr<Gate> gate_;
    const std::shared_ptr<Pistache::Tcp::Handler> handler_;
    const int ticker_;
    std::unordered_map<int, Link> links_;
    std::vector<ConnectionKey> turns_;  // connections that had their turn and have more to do
    std::vector<int> swept_;
    Worker::Letters letters_;
    std::array<char, 64 * 1024> buffer_;
};

// --- Events -------------------------------------------------------------------------------------

CompletionTransport::~CompletionTransport() {
    worker_->close();
    // Pistache leaves descriptors open.
    for (const auto& [descriptor, peer] : peers) {
        gate_->close(descriptor);
        ::close(descriptor);
    }
    ::close(ticker_);
}

void CompletionTransport::registerPoller(Pistache::Polling::Epoll& poller) {
    Transport::registerPoller(poller);
    for (const int descriptor : {worker_->wake_descriptor(), ticker_})
        poller.addFd(
            descriptor, Pistache::Flags(NotifyOn::Read), Tag(static_cast<std::uint64_t>(descriptor))
        );
}

void CompletionTransport::onReady(const Pistache::Aio::FdSet& events) {
    gate_->look_at_clock();
    worker_->awake();
    for (const auto& event : events) {
        if (event.getTag() == peer_queue_tag(*this)) {
            take_new_peers();
        } else {
            take_event(static_cast<int>(event.getTag().value()));
        }
    }
    deliver_letters();
}

void CompletionTransport::take_event(int descriptor) {
    const auto found = links_.find(descriptor);
    if (found != links_.end()) {
        // An error is told by trying: the event does not say which kind it was.
        found->second.may_read = found->second.may_write = true;
        serve(found->second);
    } else if (descriptor == worker_->wake_descriptor()) {
        worker_->clear_wake();
    } else if (descriptor == ticker_) {
        tick();
    }
}

// Twice, since the queue may have lost the wake-up of what came while it was emptied.
void CompletionTransport::take_new_peers() {
    for (int pass = 0; pass < 2; ++pass) {
        Pistache::Polling::Event event(peer_queue_tag(*this));
        event.flags.setFlag(NotifyOn::Read);
        try {
            Transport::onReady(Pistache::Aio::FdSet({event}));
        } catch (const std::exception&) {
            // The kernel would not watch one more descriptor: its connection is swept away.
        }
    }
    for (const int descriptor : gate_->take_opened()) {
        const auto peer = peers.find(descriptor);
        Link link{.peer = peer->second, .connection = gate_->find(descriptor)};
        serve(links_.insert_or_assign(descriptor, std::move(link)).first->second);
    }
}

void CompletionTransport::tick() {
    std::uint64_t ticks = 0;
    [[maybe_unused]] const auto bytes = ::read(ticker_, &ticks, sizeof ticks);
    take_new_peers();

    const bool draining = gate_->core()->draining;
    swept_.clear();
    for (const auto& [descriptor, link] : links_) swept_.push_back(descriptor);
    for (const int descriptor : swept_) {
        auto& link = links_.at(descriptor);
        link.connection->check_time(gate_->now());
        if (draining) link.connection->end_if_idle();
        serve(link);
    }
}

// --- Letters
// --------------------------------------------------------------------------------------

void CompletionTransport::deliver_letters() {
    constexpr int rounds = 8;
    for (int round = 0; round < rounds; ++round) {
        take_turns();
        const bool have_come = worker_->collect(letters_);
        if (!have_come && turns_.empty()) return;
        for (auto& completion : letters_.completions) {
            if (gate_->complete(completion) == nullptr) continue;
            serve(links_.at(completion.to.descriptor));
        }
        for (auto& closure : letters_.closures) closure();
    }
    worker_->wake();  // there is more, but sockets have waited long enough
}

void CompletionTransport::take_turns() {
    for (const auto& key : std::exchange(turns_, {}))
        if (Link* link = find(key)) serve(*link);
}

Link* CompletionTransport::find(const ConnectionKey& key) {
    const auto found = links_.find(key.descriptor);
    if (found == links_.end() || found->second.connection->key() != key) return nullptr;
    return &found->second;
}

// --- Sockets
// --------------------------------------------------------------------------------------

// Writes and reads until nothing moves or this connection has had its turn. `link` may be gone
// afterwards.
void CompletionTransport::serve(Link& link) {
    Connection& connection = *link.connection;
    std::size_t budget = limits::http_read_bytes_per_turn;
    for (;;) {
        const bool writes = link.may_write && !connection.output().empty();
        const bool reads = !writes && link.may_read && connection.wants_input();
        if (!writes && !reads) break;
        if (budget == 0) {
            turns_.push_back(connection.key());
            break;
        }
        const bool is_alive = writes ? write_some(link, budget) : read_some(link, budget);
        if (!is_alive) return close(link);
    }
    if (connection.is_stream_paused()) {
        connection.go_on_streaming(gate_->now());
        turns_.push_back(connection.key());
    }
    if (connection.is_finished()) return close(link);
    if (connection.is_lingering() && !std::exchange(link.is_shut, true))
        ::shutdown(link.peer->fd(), SHUT_WR);
}

bool CompletionTransport::read_some(Link& link, std::size_t& budget) {
    const auto got = ::recv(link.peer->fd(), buffer_.data(), buffer_.size(), 0);
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        budget -= std::min(budget, bytes);
        handler_->onInput(buffer_.data(), bytes, link.peer);
        return true;
    }
    if (got < 0 && errno == EINTR) return true;
    link.may_read = false;
    if (got < 0) return errno == EAGAIN;
    link.connection->take_end_of_input(gate_->now());
    return true;
}

bool CompletionTransport::write_some(Link& link, std::size_t& budget) {
    const auto output = link.connection->output();
    const auto sent = ::send(link.peer->fd(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
        const auto bytes = static_cast<std::size_t>(sent);
        budget -= std::min(budget, bytes);
        link.connection->output_sent(bytes, gate_->now());
        return true;
    }
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    link.may_write = false;
    watch_writing(link);
    return true;
}

// Only for those whose client is slow; from then on each edge is told.
void CompletionTransport::watch_writing(Link& link) {
    if (std::exchange(link.is_write_watched, true)) return;
    const auto interest = NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown;
    reactor()->modifyFd(key(), link.peer->fd(), interest, Pistache::Polling::Mode::Edge);
}

void CompletionTransport::close(Link& link) {
    const auto peer = link.peer;
    links_.erase(peer->fd());
    try {
        removePeer(peer);
    } catch (const std::exception&) {
        ::close(peer->fd());  // it was never watched, which Pistache finds out before it closes it
    }
    handler_->onDisconnection(peer);
}

}  // namespace

std::shared_ptr<Transport> make_completion_transport(std::shared_ptr<ServerCore> core) {
    return std::make_shared<CompletionTransport>(std::move(core));
}

}  // namespace verbatim::api
