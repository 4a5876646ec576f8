#pragma once

#include "broker/amqp/connection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace verbatim::amqp {

// A thread that keeps up one connection to a broker: connects, has it used until something fails,
// and then connects anew, after a wait that doubles with each failure up to
// limits::broker_retry_ms_max, of which a random half. A failure that lasts is told once.
//
// Threads:  start() and stop() by one; ring() by any; the functions of Options are called on the
//           link's own, and the rest is for them.
// Lifetime: the functions may be called until stop() has returned.
class BrokerLink {
public:
    struct Options {
        ConnectionOptions connection;
        std::uint64_t seed = 0;  // of the waits
        // Uses the connection until is_stopping(), then returns success; or until something fails.
        std::function<BrokerResult<void>(Connection&)> use;
        // Told of each failure, of connecting too; before the wait. May be empty.
        std::function<void(const BrokerError&)> failed;
        // Told what failed, once for each failure that lasts, and of its end; for people.
        std::function<void(const std::string&)> report;
        // "<trouble>: <what failed>; <remedy>" and "<recovery>".
        std::string_view trouble;
        std::string_view remedy = "trying again";
        std::string_view recovery;
        // For what use() does once it is to stop; then its connection is given up.
        std::chrono::milliseconds stop_patience{2'000};
    };
    explicit BrokerLink(Options options);
    ~BrokerLink();
    BrokerLink(const BrokerLink&) = delete;
    BrokerLink& operator=(const BrokerLink&) = delete;

    void start();
    void stop();
    // Wakes whoever waits for bell(). Does not block; costs a system call at most.
    void ring();

    [[nodiscard]] bool is_stopping() const;
    // The next notice, as Connection::next() gives it; nullopt also when it was rung.
    [[nodiscard]] BrokerResult<std::optional<Notice>> next(
        Connection& connection, std::chrono::milliseconds wait
    );
    // Everything is declared that use() needs: what failed before is over.
    void is_ready();
    // Something came of it: the next wait is short again.
    void is_of_use();
    // Tells, unless the same was told last.
    void complain(const std::string& what);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// An exclusive queue, gone with the connection, for what is said on a fan-out exchange, which is
// declared too; what waits there is bounded. It is consumed from then on.
[[nodiscard]] BrokerResult<void> listen_to(
    Connection& connection, std::string_view exchange, const QueueOptions& bounds
);

}  // namespace verbatim::amqp
