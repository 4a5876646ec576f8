#include "eventstore/log_keys.hpp"

#include <algorithm>
#include <cstring>

namespace verbatim {
namespace {

constexpr std::uint8_t message_tag = 'm';  // no StreamKind: those count from 1

// Values are longer than keys and rare: a string that grows.
class ValueWriter {
public:
    explicit ValueWriter(std::size_t bytes) { out_.reserve(bytes); }
    template <class Integer>
    ValueWriter& number(Integer value) {
        for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8) {
            out_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
        }
        return *this;
    }
    ValueWriter& bytes(std::span<const std::uint8_t> value) {
        out_.append(as_text(value));
        return *this;
    }
    ValueWriter& text(std::string_view value) {
        out_.append(value);
        return *this;
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    std::string out_;
};

// Requires: the caller has checked the size of `bytes`.
class ValueReader {
public:
    explicit ValueReader(std::string_view bytes) : rest_(bytes) {}
    template <class Integer>
    [[nodiscard]] Integer number() {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(Integer); ++i) {
            value = value << 8 | static_cast<std::uint8_t>(rest_[i]);
        }
        rest_.remove_prefix(sizeof(Integer));
        return static_cast<Integer>(value);
    }
    template <std::size_t size>
    [[nodiscard]] std::array<std::uint8_t, size> bytes() {
        std::array<std::uint8_t, size> value;
        std::memcpy(value.data(), rest_.data(), size);
        rest_.remove_prefix(size);
        return value;
    }

private:
    std::string_view rest_;
};

constexpr std::size_t idempotency_bytes = 16 + 8 + 2 + 2 + 1 + 16 + 8 + 8 + 8;
constexpr std::size_t meta_bytes = 4 + 4 + 16 + 8;  // without what was appended later
constexpr std::uint8_t replica_flag = 0x01;
constexpr std::size_t note_bytes = 8 + 8 + 16;

}  // namespace

Key& Key::bytes(std::span<const std::uint8_t> value) {
    std::memcpy(bytes_.data() + size_, value.data(), value.size());
    size_ += value.size();
    return *this;
}

Key record_key(Position position) {
    return Key().u64(position.value());
}

Key content_key(Position position, std::uint16_t ordinal) {
    return Key().u64(position.value()).u16(ordinal);
}

Key stream_prefix(const StreamId& stream) {
    return Key().u8(static_cast<std::uint8_t>(stream.kind)).bytes(stream.id.bytes);
}

Key stream_key(const StreamId& stream, Version version) {
    return stream_prefix(stream).u64(version.value());
}

Key message_prefix(const RoomId& room, Version seq) {
    return Key().u8(message_tag).bytes(room.value().bytes).u64(seq.value());
}

Key message_key(const RoomId& room, Version seq, Version version) {
    return message_prefix(room, seq).u64(version.value());
}

Key merkle_key(NodeId node) {
    return Key().u8(node.level).u64(node.index);
}

std::string claim_key(const ClaimName& name) {
    std::string key(1, static_cast<char>(name.kind));
    return key += name.name;
}

std::optional<Position> position_of_record_key(std::string_view key) {
    if (key.size() != 8) return std::nullopt;
    return Position(ValueReader(key).number<std::uint64_t>());
}

std::optional<ContentPlace> place_of_content_key(std::string_view key) {
    if (key.size() != 10) return std::nullopt;
    ValueReader reader(key);
    const Position position(reader.number<std::uint64_t>());
    return ContentPlace{position, reader.number<std::uint16_t>()};
}

Version version_of_stream_key(std::string_view key) {
    return Version(ValueReader(key.substr(key.size() - 8)).number<std::uint64_t>());
}

Key stream_value(const StreamEntry& entry) {
    return Key().u64(entry.position.value()).u8(entry.bears_on_aggregate ? 1 : 0);
}

std::optional<StreamEntry> parse_stream_value(std::string_view value) {
    if (value.size() != 9) return std::nullopt;
    ValueReader reader(value);
    const Position position(reader.number<std::uint64_t>());
    return StreamEntry{position, reader.number<std::uint8_t>() != 0};
}

Key message_value(Position position) {
    return Key().u64(position.value());
}

std::optional<Position> parse_message_value(std::string_view value) {
    return position_of_record_key(value);
}

std::optional<Uuid> parse_claim_value(std::string_view value) {
    if (value.size() != 16) return std::nullopt;
    return Uuid{ValueReader(value).bytes<16>()};
}

std::string idempotency_value(const IdempotencyRecord& record) {
    return ValueWriter(idempotency_bytes)
        .bytes(record.fingerprint)
        .number(record.first.value())
        .number(record.count)
        .number(record.status)
        .number(static_cast<std::uint8_t>(record.stream.kind))
        .bytes(record.stream.id.bytes)
        .number(record.position.value())
        .number(record.version.value())
        .number(record.at.microseconds())
        .take();
}

std::optional<IdempotencyRecord> parse_idempotency_value(std::string_view value) {
    if (value.size() != idempotency_bytes) return std::nullopt;
    ValueReader reader(value);
    IdempotencyRecord record;
    record.fingerprint = reader.bytes<16>();
    record.first = Position(reader.number<std::uint64_t>());
    record.count = reader.number<std::uint16_t>();
    record.status = reader.number<std::uint16_t>();
    record.stream.kind = static_cast<StreamKind>(reader.number<std::uint8_t>());
    record.stream.id = Uuid{reader.bytes<16>()};
    record.position = Position(reader.number<std::uint64_t>());
    record.version = Version(reader.number<std::uint64_t>());
    record.at = Timestamp(reader.number<std::int64_t>());
    return record;
}

std::string erased_key(const UserId& user) {
    return std::string(erased_prefix) + std::string(as_text(user.value().bytes));
}

std::string erasing_key(const UserId& user) {
    return std::string(erasing_prefix) + std::string(as_text(user.value().bytes));
}

std::string expired_key(const RoomId& room) {
    return std::string(expired_prefix) + std::string(as_text(room.value().bytes));
}

std::string cleared_key(const RoomId& room) {
    return "cleared/" + std::string(as_text(room.value().bytes));
}

std::optional<Uuid> id_behind(std::string_view prefix, std::string_view key) {
    if (!key.starts_with(prefix)) return std::nullopt;
    return parse_claim_value(key.substr(prefix.size()));
}

std::string number_value(std::uint64_t number) {
    return ValueWriter(sizeof number).number(number).take();
}

std::optional<std::uint64_t> parse_number_value(std::string_view value) {
    if (value.size() != sizeof(std::uint64_t)) return std::nullopt;
    return ValueReader(value).number<std::uint64_t>();
}

std::string note_key(const UserId& user, const RoomId& room) {
    return ValueWriter(note_prefix.size() + 16 + 16)
        .text(note_prefix)
        .bytes(user.value().bytes)
        .bytes(room.value().bytes)
        .take();
}

std::string note_value(const ReadNote& note) {
    return ValueWriter(note_bytes)
        .number(note.up_to.value())
        .number(note.at.microseconds())
        .bytes(note.command.value().bytes)
        .take();
}

std::optional<ReadNote> parse_note(std::string_view key, std::string_view value) {
    if (key.size() != note_prefix.size() + 16 + 16 || value.size() != note_bytes)
        return std::nullopt;
    ValueReader place(key.substr(note_prefix.size()));
    ValueReader reader(value);
    ReadNote note;
    note.user = UserId(Uuid{place.bytes<16>()});
    note.room = RoomId(Uuid{place.bytes<16>()});
    note.up_to = Version(reader.number<std::uint64_t>());
    note.at = Timestamp(reader.number<std::int64_t>());
    note.command = CommandId(Uuid{reader.bytes<16>()});
    return note;
}

std::string meta_value(const LogMeta& meta) {
    return ValueWriter(meta_bytes + 1)
        .number(meta.format)
        .number(meta.min_reader)
        .bytes(meta.epoch.bytes)
        .number(meta.created_at.microseconds())
        .number(static_cast<std::uint8_t>(meta.is_replica ? replica_flag : 0))
        .take();
}

std::optional<LogMeta> parse_meta_value(std::string_view value) {
    if (value.size() < meta_bytes) return std::nullopt;
    ValueReader reader(value);
    LogMeta meta;
    meta.format = reader.number<std::uint32_t>();
    meta.min_reader = reader.number<std::uint32_t>();
    meta.epoch = Uuid{reader.bytes<16>()};
    meta.created_at = Timestamp(reader.number<std::int64_t>());
    if (value.size() > meta_bytes)
        meta.is_replica = (reader.number<std::uint8_t>() & replica_flag) != 0;
    return meta;
}

}  // namespace verbatim
