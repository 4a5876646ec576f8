#pragma once

#include "broker/amqp/leadership.hpp"
#include "broker/amqp/published_stream.hpp"
#include "eventstore/event_log.hpp"

namespace verbatim::amqp {

// The log as JSON envelopes, one message for each event, by the durable topic exchange
// "verbatim.events": for bots and integrations, which bind queues of their own.
// Routing keys: room.<room_id>.<type>, user.<user_id>.<type> for what belongs to no room, and
// server.<type>. Every event comes at least once, in order; position tells repetitions.
class EnvelopeStream final : public PublishedStream {
public:
    // Both references outlive the stream. Says nothing while this node does not lead.
    EnvelopeStream(const EventLog& log, const Leadership& leadership);

    [[nodiscard]] BrokerResult<void> prepare(Connection& connection, const ConnectionOptions& own)
        override;
    void process_was_stopped() override;
    void broker_failed(const BrokerError& error) override;
    [[nodiscard]] StoreResult<Piece> piece_after(Position after) override;
    [[nodiscard]] StoreResult<std::optional<Piece>> heartbeat(Position published) override;

private:
    const EventLog& log_;
    const Leadership& leadership_;
};

}  // namespace verbatim::amqp
