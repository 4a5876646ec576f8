#include "api/gate.hpp"

#include "domain/invariant.hpp"

#include <pistache/http.h>
#include <pistache/peer.h>
#include <utility>

namespace verbatim::api {

Gate::Gate(std::shared_ptr<ServerCore> core, std::shared_ptr<Worker> worker)
    : core_(std::move(core)), worker_(std::move(worker)), now_(std::chrono::steady_clock::now()) {}

Gate::~Gate() {
    while (!connections_.empty()) close(connections_.begin()->first);
}

void Gate::open(int descriptor, std::string peer_address) {
    const bool has_place = core_->connection_opened();
    const ConnectionKey key{descriptor, ++last_serial_};
    auto& place = connections_[descriptor];
    invariant(!place, "a descriptor is opened again only after its connection was closed");
    place =
        std::make_unique<Connection>(key, std::move(peer_address), core_, worker_, has_place, now_);
    opened_.push_back(descriptor);
}

void Gate::close(int descriptor) {
    if (connections_.erase(descriptor) > 0) core_->connection_closed();
}

void Gate::take_input(int descriptor, std::string_view bytes) {
    if (Connection* connection = find(descriptor)) connection->take_input(bytes, now_);
}

Connection* Gate::find(int descriptor) {
    const auto found = connections_.find(descriptor);
    return found == connections_.end() ? nullptr : found->second.get();
}

Connection* Gate::complete(Completion& completion) {
    Connection* connection = find(completion.to.descriptor);
    if (connection != nullptr && connection->key() == completion.to &&
        connection->take_answer(completion, now_))
        return connection;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - completion.begun
    );
    core_->hooks.observer(
        {.route = completion.request->route,
         .method = completion.request->method,
         .status = completion.response.status,
         .took = took,
         .request_id = completion.request->request_id,
         .client_waited = false}
    );
    return nullptr;
}

std::vector<int> Gate::take_opened() {
    return std::exchange(opened_, {});
}

namespace {

class GateHandler final : public Pistache::Http::Handler {
public:
    explicit GateHandler(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

    // Pistache copies handlers for its workers; CompletionTransport makes each worker its own gate
    // instead.
    [[nodiscard]] std::shared_ptr<Pistache::Tcp::Handler> clone() const override {
        return std::make_shared<GateHandler>(gate_);
    }

    void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
        gate_->open(peer->fd(), peer->address().host());
    }

    void onInput(
        const char* bytes, std::size_t size, const std::shared_ptr<Pistache::Tcp::Peer>& peer
    ) override {
        gate_->take_input(peer->fd(), {bytes, size});
    }

    void onDisconnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
        gate_->close(peer->fd());
    }

    void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {
        invariant(false, "Pistache's request parser is never fed");
    }

private:
    const std::shared_ptr<Gate> gate_;
};

}  // namespace

std::shared_ptr<Pistache::Tcp::Handler> make_gate_handler(std::shared_ptr<Gate> gate) {
    return std::make_shared<GateHandler>(std::move(gate));
}

}  // namespace verbatim::api
