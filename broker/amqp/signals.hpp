#pragma once

#include "broker/amqp/connection.hpp"
#include "broker/signal.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace verbatim::amqp {

struct SignalOptions {
    ConnectionOptions connection;
    Uuid epoch;  // of the log: signals are between its nodes
    Uuid node;   // this process; what it says is not given back to it
    // On the signals' thread. Must not block.
    std::function<void(const SignalFrom&)> received;
    // What failed, for people; a failure that lasts is told once.
    std::function<void(const std::string&)> report;
    std::uint64_t seed = 0;  // of the waits between attempts
};

// Tells the other nodes what is never logged, and hears them, by the exchange signal_exchange(), on
// a thread and a connection of its own. While there is no broker, or it takes nothing, what is said
// is lost.
// Threads: send() and dropped() by any; start() and stop() by one.
class Signals {
public:
    explicit Signals(SignalOptions options);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void start();
    void stop();
    // Does not block: beyond limits::signals_waiting_max the oldest is dropped.
    void send(const Signal& signal);
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::amqp
