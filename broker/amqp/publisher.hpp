#pragma once

#include "broker/amqp/published_stream.hpp"
#include "eventstore/event_log.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace verbatim::amqp {

struct PublisherOptions {
    ConnectionOptions connection;
    std::filesystem::path cursor_file;
    // What failed and what becomes of it, for people; a failure that lasts is told once.
    std::function<void(const std::string&)> report;
    std::chrono::milliseconds heartbeat{1'000};
    std::size_t unconfirmed_max = 0;  // pieces on their way
    std::uint64_t seed = 0;           // of the waits between attempts
};

struct PublisherFigures {
    Position confirmed;  // everything up to here was confirmed, in sequence
    std::uint64_t messages_confirmed = 0;
    std::uint64_t connects = 0;
    bool connected = false;
    bool blocked = false;
    std::string state = "connecting";  // connected, blocked, or a BrokerFault's name
};

// Tells a broker what is committed: tails the log from the last position that was confirmed in
// sequence, publishes in order with confirmations and a bounded window, and after any failure
// connects anew, with back-off, and says again what was not confirmed. So a reader sees every
// position at least once, in order but for repetitions from the start of a connection.
//
// The log is the outbox: nothing waits for this, and nothing is kept in memory for a broker that is
// away. Threads: wake() and figures() by any; start() and stop() by one. Lifetime: `log` outlives
// it.
class Publisher {
public:
    Publisher(
        const EventLog& log, std::unique_ptr<PublishedStream> stream, PublisherOptions options
    );
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void start();
    // Publishes what is committed by now where that takes no longer than a second; joins.
    void stop();
    // There is more in the log. Does not block; costs a system call at most.
    void wake();
    [[nodiscard]] PublisherFigures figures() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::amqp
