#include "broker/amqp/delivery_stream.hpp"

#include "broker/amqp/names.hpp"
#include "broker/amqp/queue_holder.hpp"
#include "domain/limits.hpp"
#include "eventstore/delivery.hpp"

#include <utility>

namespace verbatim::amqp {

DeliveryStream::DeliveryStream(const EventLog& log, const Uuid& instance, Leadership& leadership)
    : log_(log), instance_(instance), leadership_(leadership) {}

BrokerResult<void> DeliveryStream::prepare(Connection& connection, const ConnectionOptions& own) {
    if (leadership_.is_fenced())
        return failure(BrokerError{
            BrokerFault::held_elsewhere, "another process leads this log: stop this one"});
    auto declared =
        connection.declare_exchange(log_exchange(log_.epoch()), ExchangeKind::fanout, true);
    if (declared) declared = take_lead(connection);
    if (declared) {
        leadership_.won();
        return declared;
    }
    if (declared.error().fault != BrokerFault::held_elsewhere) {
        broker_failed(declared.error());
        return declared;
    }
    // It may be our own connection of before, of which the broker does not know yet that it is
    // dead.
    switch (find_queue_holder(own, log_.epoch(), instance_)) {
        case QueueHolder::nobody: break;  // the next attempt gets it
        case QueueHolder::silent: leadership_.is_held_elsewhere(); break;
        case QueueHolder::another: leadership_.another_leads(); break;
    }
    return declared;
}

void DeliveryStream::process_was_stopped() {
    leadership_.was_stopped();
}

void DeliveryStream::broker_failed(const BrokerError&) {
    leadership_.broker_is_away();
}

BrokerResult<void> DeliveryStream::take_lead(Connection& connection) const {
    const std::string queue = leader_queue(log_.epoch());
    auto taken = connection.declare_queue({.name = queue, .exclusive = true, .auto_delete = true});
    if (!taken) return failure(taken.error());
    // Nothing is ever sent to it: a consumer is told when it is deleted.
    return connection.consume(queue);
}

StoreResult<PublishedStream::Piece> DeliveryStream::piece(Position after, std::size_t events_max)
    const {
    const auto delivery = gather_delivery(
        log_, instance_, after, {.events_max = events_max, .bytes_max = limits::delivery_bytes_max}
    );
    if (!delivery) return failure(delivery.error());
    return Piece{
        .messages =
            {{.exchange = log_exchange(log_.epoch()),
              .routing_key = {},
              .content_type = std::string(delivery_content_type),
              .body = encode_delivery(*delivery)}},
        .last = delivery->last()};
}

StoreResult<PublishedStream::Piece> DeliveryStream::piece_after(Position after) {
    const Position head = log_.head();
    if (head.value() - after.value() > limits::publisher_lag_events_max) return piece(head, 0);
    return piece(after, limits::delivery_events_max);
}

StoreResult<std::optional<PublishedStream::Piece>> DeliveryStream::heartbeat(Position published) {
    auto said = piece(published, 0);
    if (!said) return failure(said.error());
    return std::optional(std::move(*said));
}

}  // namespace verbatim::amqp
