#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/store_error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a leader gives its followers, by RabbitMQ and by GET /internal/log alike: a piece of the
// log as it stands. Its bytes: docs/replication.md.
namespace verbatim {

// A record with its contents. Secrets (is_secret()) never leave the leader: their place is empty.
struct DeliveredEvent {
    std::string record;                                  // as stored, checksum included
    std::vector<std::optional<StoredContent>> contents;  // by ordinal; nullopt: gone, or a secret

    friend bool operator==(const DeliveredEvent&, const DeliveredEvent&) = default;
};

struct Delivery {
    Uuid epoch;                    // of the log
    Uuid instance;                 // of the leading process: made anew at each of its starts
    std::uint32_t min_reader = 0;  // the oldest log format whose builds may read this log
    Timestamp created;             // when the log began
    Position head;                 // the leader's last durable position; not before the last event
    Position after;                // the events stand at after + 1, after + 2, …
    Digest root_before{};          // of the tree of size `after`
    std::vector<DeliveredEvent> events;  // empty: a heartbeat, or a doorbell that says `head`

    friend bool operator==(const Delivery&, const Delivery&) = default;
    // The position of its last event, or `after`.
    [[nodiscard]] Position last() const { return Position(after.value() + events.size()); }
};

[[nodiscard]] std::string encode_delivery(const Delivery& delivery);
// Safe on any bytes; what it allocates is bounded by their number. Records are not looked into: who
// takes them checks their checksums and positions (EventLog::replicate).
// Errors: corrupt_record, written_by_newer_build (a later layout of deliveries).
[[nodiscard]] StoreResult<Delivery> parse_delivery(std::string_view bytes);

struct DeliveryBounds {
    std::size_t events_max = 0;
    std::size_t bytes_max = 0;  // of the encoded delivery; the first event goes whatever its size
};
// The events behind `after`, as many as there are and fit. Events are few, or none at the head.
// Errors: missing_record when `after` is beyond the head; those of EventLog::read_stored.
[[nodiscard]] StoreResult<Delivery> gather_delivery(
    const EventLog& log, const Uuid& instance, Position after, const DeliveryBounds& bounds
);

}  // namespace verbatim
