#pragma once

#include "domain/account.hpp"
#include "domain/limits.hpp"
#include "domain/message.hpp"
#include "domain/reader.hpp"
#include "domain/room.hpp"
#include "domain/server.hpp"
#include "eventstore/event_log.hpp"

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

// Folding aggregates from the durable log, helped by snapshots. Any thread.
namespace verbatim {

// What can be recalled: the aggregate of a stream or, with `seq`, one message of a room.
struct AggregateKey {
    StreamId stream;
    Version seq;  // 0: the stream's own aggregate

    friend auto operator<=>(const AggregateKey&, const AggregateKey&) = default;
};

// An aggregate and the place of the last event that touched it (a message: that is or names it).
template <class State>
struct Recalled {
    State state;
    Version version;
    Position position;  // 0: it has no event yet
    Version kept;       // version of the newest snapshot; messages have none
    Timestamp kept_at;  // when it was last asked for
    // Of a message: the events that hold its texts, its sending and its edits.
    std::vector<Position> texts{};
};
// Folds in an event that is the message's sending or names it.
void fold_into(Recalled<Message>& message, const RoomEvent& event, const RecordedEvent& recorded);

using AnyRecalled = std::variant<
    Recalled<Account>,
    Recalled<Room>,
    Recalled<Reader>,
    Recalled<ServerState>,
    Recalled<Message>>;

// Requires: no event of the aggregate is on its way into the log, or the answer may lack it.
// Errors: those of EventLog::read.
[[nodiscard]] StoreResult<AnyRecalled> recall(const EventLog& log, const AggregateKey& key);

// Keeps a snapshot of the stream as it is durable now; whatever goes wrong, the old one stays and
// the next recall folds more.
void keep_snapshot(EventLog& log, const StreamId& stream);

// A snapshot is due when so many versions were added to a stream since the last. A big room's is
// as much work to write as its members are many, so it is written as much more seldom.
[[nodiscard]] inline std::uint64_t versions_per_snapshot(const Room& room) {
    return std::max<std::uint64_t>(limits::events_per_snapshot, room.members.size());
}
[[nodiscard]] inline std::uint64_t versions_per_snapshot(const Account&) {
    return limits::events_per_snapshot;
}
[[nodiscard]] inline std::uint64_t versions_per_snapshot(const ServerState&) {
    return limits::events_per_snapshot;
}
[[nodiscard]] inline std::uint64_t versions_per_snapshot(const Reader& reader) {
    return std::max<std::uint64_t>(limits::events_per_snapshot, reader.read_up_to.size());
}
template <class State>
[[nodiscard]] bool is_snapshot_due(const Recalled<State>& recalled) {
    return recalled.version.value() - recalled.kept.value() >=
           versions_per_snapshot(recalled.state);
}

}  // namespace verbatim

template <>
struct std::hash<verbatim::AggregateKey> {
    std::size_t operator()(const verbatim::AggregateKey& key) const noexcept {
        return std::hash<verbatim::StreamId>{}(key.stream) ^
               static_cast<std::size_t>(key.seq.value() * 0x9e3779b97f4a7c15u);
    }
};
