#pragma once

#include "domain/account_events.hpp"
#include "domain/reader.hpp"
#include "domain/room_events.hpp"
#include "domain/server.hpp"
#include "eventstore/digest.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace verbatim {

enum class StreamKind : std::uint8_t { account = 1, room = 2, reader = 3, server = 4 };

// One aggregate's own sequence of events.
struct StreamId {
    StreamKind kind = StreamKind::account;
    Uuid id;

    friend auto operator<=>(const StreamId&, const StreamId&) = default;
};
[[nodiscard]] inline StreamId stream_of(const UserId& user) {
    return {StreamKind::account, user.value()};
}
[[nodiscard]] inline StreamId stream_of(const RoomId& room) {
    return {StreamKind::room, room.value()};
}
[[nodiscard]] inline StreamId reader_stream_of(const UserId& user) {
    return {StreamKind::reader, user.value()};
}

// The one stream of what concerns the whole server.
inline constexpr StreamId server_stream{StreamKind::server, {}};

using Event = std::variant<RoomEvent, AccountEvent, ReaderEvent, ServerEvent>;

// SHA-256 of (user ‖ idempotency key), and of the request that was sent with it, each cut to 16
// bytes.
using KeyHash = std::array<std::uint8_t, 16>;
using RequestFingerprint = std::array<std::uint8_t, 16>;

// How a client's retry is recognised: stored with every event of the command that it came with.
struct CommandKey {
    KeyHash key{};
    RequestFingerprint fingerprint{};
    std::uint16_t status = 0;  // of the first success: 200, 201, 204

    friend bool operator==(const CommandKey&, const CommandKey&) = default;
};

// One fact of the log, in the newest shape of its type, with its envelope. A value; immutable once
// recorded.
struct RecordedEvent {
    Position position;
    StreamId stream;
    Version version;
    EventId id;
    CommandId command;                     // shared by all events of one command
    Timestamp at;                          // log time: never before the previous position's
    std::optional<Timestamp> occurred_at;  // what an import claims about the past
    UserId actor;
    std::optional<CommandKey> key;
    Event event;

    [[nodiscard]] EventContext context() const { return {actor, at, version}; }
    friend bool operator==(const RecordedEvent&, const RecordedEvent&) = default;
};

}  // namespace verbatim

template <>
struct std::hash<verbatim::StreamId> {
    std::size_t operator()(const verbatim::StreamId& stream) const noexcept {
        return std::hash<verbatim::Uuid>{}(stream.id) ^ static_cast<std::size_t>(stream.kind);
    }
};
