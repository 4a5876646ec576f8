#pragma once

#include "eventstore/event_log.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// The keys of the log's columns and the values that have a fixed binary form: everything on disk
// but the records themselves (record_layout.hpp). docs/event_format.md. All integers most
// significant byte first.
namespace verbatim {

// A key under construction; never allocates. Holds the longest: a message's index entry.
class Key {
public:
    Key& u8(std::uint8_t value) { return number<1>(value); }
    Key& u16(std::uint16_t value) { return number<2>(value); }
    Key& u64(std::uint64_t value) { return number<8>(value); }
    Key& bytes(std::span<const std::uint8_t> value);

    operator std::string_view() const { return {bytes_.data(), size_}; }

private:
    template <int width>
    Key& number(std::uint64_t value) {
        for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
            bytes_[size_++] = static_cast<char>(value >> shift);
        }
        return *this;
    }

    std::array<char, 1 + 16 + 8 + 8> bytes_{};
    std::size_t size_ = 0;
};

[[nodiscard]] Key record_key(Position position);
[[nodiscard]] Key content_key(Position position, std::uint16_t ordinal);
[[nodiscard]] Key stream_prefix(const StreamId& stream);
[[nodiscard]] Key stream_key(const StreamId& stream, Version version);
// In the same column as the streams: the events that name the message `seq` of `room`.
[[nodiscard]] Key message_prefix(const RoomId& room, Version seq);
[[nodiscard]] Key message_key(const RoomId& room, Version seq, Version version);
[[nodiscard]] Key merkle_key(NodeId node);
[[nodiscard]] std::string claim_key(const ClaimName& name);

// Keys of the column `meta`.
inline constexpr std::string_view meta_key = "meta";
inline constexpr std::string_view rebuilding_key =
    "rebuilding";  // there while indexes are not whole

// There where the log came without secrets, from an export or as a replica that is none any more:
// then none is missed.
inline constexpr std::string_view without_secrets_key = "without_secrets";

// There where the log was copied after contents were destroyed by events that it does not have:
// those up to and including the position in the value may be missing.
inline constexpr std::string_view thinned_key = "thinned";

// There once the account's erasure has begun: contents of its events may be missing. The value is
// the position of that event.
[[nodiscard]] std::string erased_key(const UserId& user);
// Contents of the room's messages may be missing up to and including the version in the value.
[[nodiscard]] std::string expired_key(const RoomId& room);
// There from the beginning of the account's erasure until it is complete.
inline constexpr std::string_view erasing_prefix = "erasing/";
inline constexpr std::string_view erased_prefix = "erased/";
inline constexpr std::string_view expired_prefix = "expired/";
[[nodiscard]] std::string erasing_key(const UserId& user);
// The contents of the room's messages are gone up to and including the version in the value.
[[nodiscard]] std::string cleared_key(const RoomId& room);
// There while what was destroyed may still stand in the store's files.
inline constexpr std::string_view unscrubbed_key = "unscrubbed";
// The id behind the prefix of a key above; nullopt where there is none.
[[nodiscard]] std::optional<Uuid> id_behind(std::string_view prefix, std::string_view key);
[[nodiscard]] std::string number_value(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> parse_number_value(std::string_view value);
// In the column `meta`, too.
inline constexpr std::string_view note_prefix = "read";
[[nodiscard]] std::string note_key(const UserId& user, const RoomId& room);
[[nodiscard]] std::string note_value(const ReadNote& note);
// nullopt: no such entry.
[[nodiscard]] std::optional<ReadNote> parse_note(std::string_view key, std::string_view value);

[[nodiscard]] std::optional<Position> position_of_record_key(std::string_view key);
struct ContentPlace {
    Position position;
    std::uint16_t ordinal = 0;
    friend auto operator<=>(const ContentPlace&, const ContentPlace&) = default;
};
[[nodiscard]] std::optional<ContentPlace> place_of_content_key(std::string_view key);
// Requires: a key of stream_key().
[[nodiscard]] Version version_of_stream_key(std::string_view key);

// The readers of values answer nullopt where the bytes are not such a value.
struct StreamEntry {
    Position position;
    bool bears_on_aggregate = true;
};
[[nodiscard]] Key stream_value(const StreamEntry& entry);
[[nodiscard]] std::optional<StreamEntry> parse_stream_value(std::string_view value);
[[nodiscard]] Key message_value(Position position);
[[nodiscard]] std::optional<Position> parse_message_value(std::string_view value);
[[nodiscard]] std::optional<Uuid> parse_claim_value(std::string_view value);
[[nodiscard]] std::string idempotency_value(const IdempotencyRecord& record);
[[nodiscard]] std::optional<IdempotencyRecord> parse_idempotency_value(std::string_view value);

inline constexpr std::uint32_t log_format = 1;
struct LogMeta {
    std::uint32_t format = log_format;
    std::uint32_t min_reader = log_format;  // the oldest format whose builds may read this log
    Uuid epoch{};
    Timestamp created_at{};
    bool is_replica = false;
};
[[nodiscard]] std::string meta_value(const LogMeta& meta);
// Later builds may append to it.
[[nodiscard]] std::optional<LogMeta> parse_meta_value(std::string_view value);

}  // namespace verbatim
