#pragma once

#include "eventstore/codec.hpp"
#include "eventstore/event_record.hpp"
#include "eventstore/store_error.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The bytes of keys and records: docs/event_format.md, with a worked example. All integers most
// significant byte first, so that RocksDB's order is the order in which things happened.
namespace verbatim {

inline constexpr std::uint8_t record_format = 1;

using Salt = std::array<std::uint8_t, 16>;

struct Commitment {
    ContentField field = ContentField::text;
    Digest digest{};
    friend bool operator==(const Commitment&, const Commitment&) = default;
};

// A record taken apart, its facts not yet decoded. Views point into the bytes that were parsed.
struct RecordView {
    Position position;
    StreamId stream;
    Version version;
    EventId id;
    CommandId command;
    Timestamp at;
    std::optional<Timestamp> occurred_at;
    UserId actor;
    std::optional<CommandKey> key;
    std::string_view type;
    std::uint16_t schema = 0;
    std::string_view facts;
    std::vector<Commitment> commitments;  // in the order of the contents' ordinals
    std::string_view tail;                // fields of later builds, kept as they are
    std::string_view leaf;                // the bytes that the Merkle leaf covers: all but the CRC
};

// SHA-256("verbatim/content/1" ‖ position ‖ field ‖ ordinal ‖ salt ‖ content).
[[nodiscard]] Digest commitment_to(
    Position position,
    ContentField field,
    std::uint16_t ordinal,
    const Salt& salt,
    std::string_view content
);

// The stored value of a record, CRC32C included.
// Requires: the result is at most limits::record_bytes_max (the limits of texts and lists see to
// it).
[[nodiscard]] std::string encode_record(
    const RecordedEvent& envelope,
    const EncodedEvent& payload,
    std::span<const Commitment> commitments
);

// Safe on any bytes. Errors: corrupt_record, written_by_newer_build (a newer format, or a flag,
// realm or kind of stream that this build does not know). They name the position where it could be
// read.
[[nodiscard]] StoreResult<RecordView> parse_record(std::string_view stored);

// RFC 6962 2.1: SHA-256(0x00 ‖ leaf).
[[nodiscard]] Digest leaf_hash_of(std::string_view leaf);

}  // namespace verbatim
