#include "eventstore/record_layout.hpp"

#include "domain/invariant.hpp"
#include "domain/limits.hpp"
#include "eventstore/byte_io.hpp"

#include <limits>
#include <utility>

namespace verbatim {
namespace {

constexpr std::uint32_t own_realm = 0;
constexpr std::uint8_t flag_keyed = 0x01;
constexpr std::uint8_t flag_has_occurred_at = 0x02;
constexpr std::uint8_t known_flags = flag_keyed | flag_has_occurred_at;

constexpr std::size_t crc_bytes = 4;
constexpr std::size_t commitment_bytes = 1 + 32;
// Everything of fixed width, optional fields included: a good first guess of a record's size.
constexpr std::size_t fixed_bytes_max = 160;

tl::unexpected<StoreError> corrupt(Position position, std::string detail) {
    return failure(StoreError{StoreFault::corrupt_record, position, std::move(detail)});
}
tl::unexpected<StoreError> newer(Position position, std::string detail) {
    return failure(StoreError{StoreFault::written_by_newer_build, position, std::move(detail)});
}

struct Head {
    std::uint8_t format = 0;
    std::uint32_t realm = 0;
    std::uint8_t flags = 0;
};

void read_fixed_part(ByteReader& in, RecordView& record) {
    record.stream.kind = static_cast<StreamKind>(in.number<std::uint8_t>());
    record.stream.id = in.id();
    record.version = Version(in.number<std::uint64_t>());
    record.id = EventId(in.id());
    record.command = CommandId(in.id());
}

void read_body(ByteReader& in, const Head& head, RecordView& record) {
    record.type = in.raw(in.number<std::uint8_t>());
    record.schema = in.number<std::uint16_t>();
    record.at = in.time();
    if ((head.flags & flag_has_occurred_at) != 0) record.occurred_at = in.time();
    record.actor = UserId(in.id());
    if ((head.flags & flag_keyed) != 0) {
        CommandKey& key = record.key.emplace();
        key.key = in.array<16>();
        key.fingerprint = in.array<16>();
        key.status = in.number<std::uint16_t>();
    }
    record.facts = in.raw(in.number<std::uint32_t>());
}

void read_commitments(ByteReader& in, RecordView& record) {
    const std::size_t count = in.number<std::uint16_t>();
    ByteReader listed(in.raw(count * commitment_bytes));
    if (!in.ok()) return;
    record.commitments.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto field = static_cast<ContentField>(listed.number<std::uint8_t>());
        record.commitments.push_back({field, listed.array<32>()});
    }
}

// Walks over fields of later builds: tag (1), length (2), value. None is known to this build.
bool is_tail(std::string_view bytes) {
    ByteReader in(bytes);
    while (in.ok() && !in.left().empty()) {
        static_cast<void>(in.number<std::uint8_t>());
        static_cast<void>(in.raw(in.number<std::uint16_t>()));
    }
    return in.ok();
}

}  // namespace

Digest commitment_to(
    Position position,
    ContentField field,
    std::uint16_t ordinal,
    const Salt& salt,
    std::string_view content
) {
    ByteWriter prefix(64);
    prefix.raw("verbatim/content/1");
    prefix.number(position.value());
    prefix.number(static_cast<std::uint8_t>(field));
    prefix.number(ordinal);
    prefix.raw(as_text(salt));
    return sha256({prefix.written(), content});
}

std::string encode_record(
    const RecordedEvent& envelope,
    const EncodedEvent& payload,
    std::span<const Commitment> commitments
) {
    invariant(
        !payload.type.empty() && payload.type.size() <= std::numeric_limits<std::uint8_t>::max(),
        "a wire name is chosen by us and short"
    );
    ByteWriter out(
        fixed_bytes_max + payload.type.size() + payload.facts.size() +
        commitments.size() * commitment_bytes
    );
    out.number(record_format);
    out.number(own_realm);
    out.number(static_cast<std::uint8_t>(
        (envelope.key ? flag_keyed : 0) | (envelope.occurred_at ? flag_has_occurred_at : 0)
    ));
    out.number(envelope.position.value());
    out.number(static_cast<std::uint8_t>(envelope.stream.kind));
    out.id(envelope.stream.id);
    out.number(envelope.version.value());
    out.id(envelope.id.value());
    out.id(envelope.command.value());
    out.number(static_cast<std::uint8_t>(payload.type.size()));
    out.raw(payload.type);
    out.number(payload.schema);
    out.time(envelope.at);
    if (envelope.occurred_at) out.time(*envelope.occurred_at);
    out.id(envelope.actor.value());
    if (envelope.key) {
        out.raw(as_text(envelope.key->key));
        out.raw(as_text(envelope.key->fingerprint));
        out.number(envelope.key->status);
    }
    out.number(static_cast<std::uint32_t>(payload.facts.size()));
    out.raw(payload.facts);
    out.number(static_cast<std::uint16_t>(commitments.size()));
    for (const Commitment& commitment : commitments) {
        out.number(static_cast<std::uint8_t>(commitment.field));
        out.raw(as_text(commitment.digest));
    }
    std::string stored = std::move(out).with_checksum();
    invariant(
        stored.size() <= limits::record_bytes_max, "limits of texts and lists keep records small"
    );
    return stored;
}

StoreResult<RecordView> parse_record(std::string_view stored) {
    if (stored.size() <= crc_bytes || stored.size() > limits::record_bytes_max)
        return corrupt({}, "a record of " + std::to_string(stored.size()) + " bytes");
    RecordView record;
    record.leaf = stored.substr(0, stored.size() - crc_bytes);
    // Every format ends in this checksum, so a damaged format byte is not taken for a newer one.
    ByteReader checksum(stored.substr(record.leaf.size()));
    if (checksum.number<std::uint32_t>() != crc32c(record.leaf))
        return corrupt({}, "the checksum is not that of the bytes");

    ByteReader in(record.leaf);
    Head head;
    head.format = in.number<std::uint8_t>();
    if (head.format > record_format)
        return newer({}, "its format is " + std::to_string(head.format));
    head.realm = in.number<std::uint32_t>();
    head.flags = in.number<std::uint8_t>();
    record.position = Position(in.number<std::uint64_t>());
    const Position position = record.position;
    if (head.format != record_format) return corrupt(position, "there is no such record format");
    if (head.realm != own_realm) return newer(position, "its realm is unknown to this build");
    if ((head.flags & ~known_flags) != 0) return newer(position, "a flag is unknown to this build");

    read_fixed_part(in, record);
    read_body(in, head, record);
    read_commitments(in, record);
    record.tail = in.left();
    if (!in.ok() || record.type.empty() || !is_tail(record.tail))
        return corrupt(position, "the layout does not fit the record's length");
    if (record.stream.kind < StreamKind::account)
        return corrupt(position, "there is no such kind of stream");
    if (record.stream.kind > StreamKind::server)
        return newer(position, "its kind of stream is unknown to this build");
    return record;
}

Digest leaf_hash_of(std::string_view leaf) {
    return sha256({std::string_view("\0", 1), leaf});
}

}  // namespace verbatim
