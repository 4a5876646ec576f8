#include "broker/amqp/envelope_stream.hpp"

#include "broker/amqp/names.hpp"
#include "domain/limits.hpp"
#include "domain/overloaded.hpp"
#include "domain/type_id.hpp"
#include "eventstore/event_types.hpp"
#include "protocol/envelope_json.hpp"

#include <utility>

namespace verbatim::amqp {

namespace {

// What an account's or a reader's event is about is its stream: the user.
std::string subject_of(const RecordedEvent& event) {
    switch (event.stream.kind) {
        case StreamKind::room: return "room." + to_text(RoomId(event.stream.id)) + ".";
        case StreamKind::account:
        case StreamKind::reader: return "user." + to_text(UserId(event.stream.id)) + ".";
        case StreamKind::server: return "server.";
    }
    return "";
}

PublishedStream::Message message_of(const RecordedEvent& event) {
    PublishedStream::Message message{
        .exchange = std::string(envelope_exchange),
        .routing_key = subject_of(event) + std::string(type_of(event.event)),
        .content_type = "application/json",
        .body = {}};
    append_envelope(message.body, event);
    return message;
}

}  // namespace

EnvelopeStream::EnvelopeStream(const EventLog& log, const Leadership& leadership)
    : log_(log), leadership_(leadership) {}

BrokerResult<void> EnvelopeStream::prepare(Connection& connection, const ConnectionOptions&) {
    if (!leadership_.leads())
        return failure(BrokerError{BrokerFault::held_elsewhere, "this node does not lead its log"});
    return connection.declare_exchange(envelope_exchange, ExchangeKind::topic, true);
}

void EnvelopeStream::process_was_stopped() {}

void EnvelopeStream::broker_failed(const BrokerError&) {}

StoreResult<PublishedStream::Piece> EnvelopeStream::piece_after(Position after) {
    auto found = log_.scan(
        {.after = after,
         .up_to = log_.head(),
         .wants = {},
         .events_max = limits::delivery_events_max,
         .examined_max = limits::delivery_events_max,
         .bytes_max = limits::delivery_bytes_max}
    );
    if (!found) return failure(found.error());
    Piece piece;
    for (const RecordedEvent& event : found->events) piece.messages.push_back(message_of(event));
    piece.last = found->reached;
    return piece;
}

StoreResult<std::optional<PublishedStream::Piece>> EnvelopeStream::heartbeat(Position) {
    return std::optional<Piece>();
}

}  // namespace verbatim::amqp
