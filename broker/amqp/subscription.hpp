#pragma once

#include "broker/amqp/connection.hpp"
#include "eventstore/delivery.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace verbatim::amqp {

struct SubscriptionOptions {
    ConnectionOptions connection;
    Uuid epoch;  // of the log that is followed
    // Both on the subscription's thread; must not block.
    std::function<void(Delivery)> received;
    std::function<void()> begun;  // a queue is bound anew: what was told before did not come by it
    // What failed, for people; a failure that lasts is told once.
    std::function<void(const std::string&)> report;
    std::uint64_t seed = 0;  // of the waits between attempts
};

// A follower's ear at the broker: a queue of its own at the exchange log_exchange(), exclusive,
// bounded, and gone with its connection. After any failure it connects anew, with back-off. What a
// broker did not bring is for others to notice: deliveries may be missing or come again.
// Threads: state() by any; start() and stop() by one.
class Subscription {
public:
    explicit Subscription(SubscriptionOptions options);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    void start();
    void stop();
    // "connected", "connecting", or a BrokerFault's name.
    [[nodiscard]] std::string state() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::amqp
