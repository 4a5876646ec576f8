#pragma once

#include "broker/amqp/leadership.hpp"
#include "broker/amqp/published_stream.hpp"
#include "eventstore/event_log.hpp"

namespace verbatim::amqp {

// The log as deliveries to followers, by the exchange log_exchange(). A connection publishes only
// after it got the exclusive queue leader_queue(): so of several processes that lead the same log
// one at a time feeds followers.
class DeliveryStream final : public PublishedStream {
public:
    // `instance` is this process's. Both references outlive the stream.
    DeliveryStream(const EventLog& log, const Uuid& instance, Leadership& leadership);

    [[nodiscard]] BrokerResult<void> prepare(Connection& connection, const ConnectionOptions& own)
        override;
    void process_was_stopped() override;
    void broker_failed(const BrokerError& error) override;
    // Up to limits::delivery_events_max events and delivery_bytes_max bytes; behind by more than
    // limits::publisher_lag_events_max, a doorbell: where the log ends, for followers to fetch.
    [[nodiscard]] StoreResult<Piece> piece_after(Position after) override;
    [[nodiscard]] StoreResult<std::optional<Piece>> heartbeat(Position published) override;

private:
    [[nodiscard]] BrokerResult<void> take_lead(Connection& connection) const;
    [[nodiscard]] StoreResult<Piece> piece(Position after, std::size_t events_max) const;

    const EventLog& log_;
    const Uuid instance_;
    Leadership& leadership_;
};

}  // namespace verbatim::amqp
