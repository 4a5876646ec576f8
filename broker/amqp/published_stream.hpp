#pragma once

#include "broker/amqp/connection.hpp"
#include "eventstore/store_error.hpp"

#include <optional>
#include <string>
#include <vector>

namespace verbatim::amqp {

// What a Publisher says about the log: how its positions become messages.
// Threads: the publisher's.
class PublishedStream {
public:
    struct Message {
        std::string exchange;
        std::string routing_key;
        std::string content_type;
        std::string body;
    };
    struct Piece {
        std::vector<Message> messages;
        Position last;  // once all are confirmed, the log is published up to here
    };

    virtual ~PublishedStream() = default;
    // After each connecting, before anything is published: declares what it needs. `own` are the
    // options of `connection`. After an error the publisher connects anew.
    [[nodiscard]] virtual BrokerResult<void> prepare(
        Connection& connection, const ConnectionOptions& own
    ) = 0;
    // This process did not run for seconds: what the broker thinks of it has to be asked anew. The
    // publisher connects again.
    virtual void process_was_stopped() = 0;
    // It cannot be asked: `error` says why.
    virtual void broker_failed(const BrokerError& error) = 0;
    // What stands behind `after`, which is before the log's head.
    [[nodiscard]] virtual StoreResult<Piece> piece_after(Position after) = 0;
    // What is said where nothing was for a second; nullopt: nothing.
    [[nodiscard]] virtual StoreResult<std::optional<Piece>> heartbeat(Position published) = 0;
};

}  // namespace verbatim::amqp
