#pragma once

#include "broker/amqp/broker_url.hpp"
#include "domain/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace verbatim::amqp {

// What a connection to a broker can fail at. Closed; never told apart by text.
enum class BrokerFault {
    unreachable,        // nobody answers at that address, or no broker does
    tls_failed,         // the certificate, its name or the handshake; or a file of ours
    wrong_credentials,  // user or password
    wrong_vhost,        // there is none of that name, or this user may not use it
    no_permission,      // this user may not do that in this vhost
    held_elsewhere,     // an exclusive queue of another connection
    other_settings,     // an exchange or queue of that name exists with other settings
    not_there,          // an exchange or queue that must exist does not
    timed_out,          // the broker did not answer in time
    connection_lost,    // it ended: by the broker, by the network, or by missing heartbeats
    refused,            // anything else that a broker refuses
};
[[nodiscard]] std::string_view name_of(BrokerFault fault);

struct BrokerError {
    BrokerFault fault = BrokerFault::connection_lost;
    std::string detail;  // for people: what, where and what to do. Never for branching
};
template <class T>
using BrokerResult = Expected<T, BrokerError>;
// "wrong_credentials: …"
[[nodiscard]] std::string describe(const BrokerError& error);

struct ConnectionOptions {
    BrokerUrl url;
    std::filesystem::path ca;           // for amqps; empty: the system's authorities
    std::filesystem::path certificate;  // for amqps with a client certificate, PEM; else empty
    std::filesystem::path key;
    std::string name;  // what this connection is called in the broker's lists
    std::chrono::seconds heartbeat{5};
    std::chrono::milliseconds patience{5'000};  // for connecting, and for each answer
};

enum class ExchangeKind { fanout, topic };
enum class Routing { may_go_nowhere, must_arrive };

struct QueueOptions {
    std::string name;        // empty: the broker makes one
    bool exclusive = false;  // for this connection alone, gone with it
    bool auto_delete = false;
    // Of what waits; beyond, the oldest goes. 0: no bound.
    std::uint32_t messages_max = 0;
    std::uint32_t bytes_max = 0;
};

struct Outgoing {
    std::string_view exchange;
    std::string_view routing_key;
    std::string_view content_type;
    std::string_view body;
    Routing routing = Routing::may_go_nowhere;
};

// What a broker says by itself.
struct Incoming {
    std::string exchange;
    std::string routing_key;
    std::string body;
    std::uint64_t tag = 0;  // for acknowledging, where the consumer does
};
struct Confirmation {
    std::uint64_t tag = 0;  // the n-th publish since confirm()
    bool multiple = false;  // and all before
    bool taken = true;      // false: the broker lost it; publish it again
};
// A publish that had to arrive and had nowhere to go. Its confirmation says nonetheless `taken`.
struct Returned {
    std::string routing_key;
};
struct ConsumerEnded {};  // its queue was deleted
using Notice = std::variant<Incoming, Confirmation, Returned, ConsumerEnded>;

// One connection with one channel to a RabbitMQ broker, by rabbitmq-c, for publishing and for
// consuming. After any error the connection is of no use any more: destroy it and open another.
//
// Threads:  one uses it; abandon() by any. A publisher and a consumer take a connection each.
// Duties:   next() at least every heartbeat / 2, or the broker ends it; no publish while
//           is_blocked().
class Connection {
public:
    // Connects, authenticates, opens the vhost and a channel. Announces that it understands
    // `connection.blocked`.
    [[nodiscard]] static BrokerResult<std::unique_ptr<Connection>> open(
        const ConnectionOptions& options
    );
    // Closes without waiting for the broker, which a dead one would keep waiting.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] BrokerResult<void> declare_exchange(
        std::string_view name, ExchangeKind kind, bool durable
    );
    // Its name. Errors: held_elsewhere, other_settings, no_permission, …
    [[nodiscard]] BrokerResult<std::string> declare_queue(const QueueOptions& options);
    [[nodiscard]] BrokerResult<void> bind(
        std::string_view queue, std::string_view exchange, std::string_view routing_key
    );
    // Deliveries come by next() from now on, without acknowledgement.
    [[nodiscard]] BrokerResult<void> consume(std::string_view queue);
    // From now on each publish is confirmed by next().
    [[nodiscard]] BrokerResult<void> confirm();

    // Writes to the socket; waits while its buffer is full, at most `patience` and a little. What
    // is known of its fate comes as a Confirmation.
    [[nodiscard]] BrokerResult<void> publish(const Outgoing& message);

    // The next notice; nullopt when none came within `wait`, when `wake` (a descriptor, or -1)
    // became readable, or when is_blocked() changed. Sends heartbeats.
    [[nodiscard]] BrokerResult<std::optional<Notice>> next(
        std::chrono::milliseconds wait, int wake = -1
    );
    // The broker is short of memory or disk: it takes nothing until it says otherwise.
    [[nodiscard]] bool is_blocked() const;

    // Ends whatever the using thread waits for, with connection_lost. From any thread, while the
    // connection lives.
    void abandon();

private:
    struct State;
    explicit Connection(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::amqp
