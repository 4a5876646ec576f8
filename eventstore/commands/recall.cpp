#include "eventstore/commands/recall.hpp"

#include "domain/invariant.hpp"
#include "eventstore/commands/snapshot_codec.hpp"

#include <string>
#include <utility>

namespace verbatim {
namespace {

// The payloads that a state is folded from.
template <class State>
struct PayloadOf;
template <>
struct PayloadOf<Account> {
    using Type = AccountEvent;
};
template <>
struct PayloadOf<Room> {
    using Type = RoomEvent;
};
template <>
struct PayloadOf<Reader> {
    using Type = ReaderEvent;
};
template <>
struct PayloadOf<ServerState> {
    using Type = ServerEvent;
};

template <class State>
StoreResult<Snapshot<State>> snapshot_of(const EventLog& log, const StreamId& stream) {
    const auto stored = log.snapshot_of(stream);
    if (!stored) return failure(stored.error());
    auto snapshot = *stored ? decode_snapshot<State>(**stored) : std::nullopt;
    return snapshot ? std::move(*snapshot) : Snapshot<State>{};
}

// The state at exactly `version`, which is durable.
template <class State>
StoreResult<State> fold_to(
    const EventLog& log, const StreamId& stream, Snapshot<State> from, Version version
) {
    using Payload = typename PayloadOf<State>::Type;
    State state = std::move(from.state);
    const auto cursor = log.read_stream_for_fold(stream, from.version);
    for (;;) {
        auto event = cursor->next();
        if (!event) return failure(event.error());
        if (!*event || (*event)->version > version) return state;
        const auto* const payload = std::get_if<Payload>(&(*event)->event);
        invariant(payload != nullptr, "a stream holds the events of its own kind only");
        state = evolve(std::move(state), *payload, (*event)->context());
    }
}

template <class State>
StoreResult<Recalled<State>> recall_stream(const EventLog& log, const StreamId& stream) {
    // Messages do not bear on a room and are passed over, but they count: so the version is asked
    // for, not folded. Asked first: what becomes durable meanwhile is beyond it.
    const auto version = log.version_of(stream);
    if (!version) return failure(version.error());
    if (*version == Version()) return Recalled<State>{};
    auto snapshot = snapshot_of<State>(log, stream);
    if (!snapshot) return failure(snapshot.error());
    // Snapshots are not synced with the log: after a power loss one might be ahead of it.
    if (snapshot->version > *version) snapshot = Snapshot<State>{};
    const Version kept = snapshot->version;
    auto state = fold_to<State>(log, stream, std::move(*snapshot), *version);
    if (!state) return failure(state.error());
    const auto position = log.position_of(stream, *version);
    if (!position) return failure(position.error());
    if (!*position)
        return failure(StoreError{
            StoreFault::missing_record, {}, "a stream's newest version is not in its index"});
    return Recalled<State>{
        .state = std::move(*state),
        .version = *version,
        .position = **position,
        .kept = kept,
        .kept_at = {}};
}

StoreResult<Recalled<Message>> recall_message(const EventLog& log, const AggregateKey& key) {
    Recalled<Message> recalled;
    const auto cursor = log.read_message(RoomId(key.stream.id), key.seq);
    for (;;) {
        const auto event = cursor->next();
        if (!event) return failure(event.error());
        if (!*event) return recalled;
        const RecordedEvent& recorded = **event;
        const auto* const payload = std::get_if<RoomEvent>(&recorded.event);
        invariant(payload != nullptr, "a room's stream holds room events only");
        fold_into(recalled, *payload, recorded);
    }
}

template <class State>
StoreResult<AnyRecalled> widened(StoreResult<Recalled<State>> recalled) {
    if (!recalled) return failure(recalled.error());
    return StoreResult<AnyRecalled>(tl::in_place, std::move(*recalled));
}

template <class State>
void keep_snapshot_of(EventLog& log, const StreamId& stream) {
    const std::uint64_t destructions = log.destructions();
    const auto recalled = recall_stream<State>(log, stream);
    if (!recalled || recalled->version == recalled->kept) return;
    // A cache: not keeping it costs time, nothing else. If the log is broken, its next commit says
    // so.
    static_cast<void>(
        log.keep_snapshot(stream, encode_snapshot(recalled->state, recalled->version), destructions)
            .has_value()
    );
}

}  // namespace

void fold_into(Recalled<Message>& message, const RoomEvent& event, const RecordedEvent& recorded) {
    message.state = evolve(std::move(message.state), event, recorded.context());
    message.version = recorded.version;
    message.position = recorded.position;
    if (std::holds_alternative<MessageSent>(event) || std::holds_alternative<MessageEdited>(event))
        message.texts.push_back(recorded.position);
}

StoreResult<AnyRecalled> recall(const EventLog& log, const AggregateKey& key) {
    if (key.seq != Version()) return widened(recall_message(log, key));
    switch (key.stream.kind) {
        case StreamKind::account: return widened(recall_stream<Account>(log, key.stream));
        case StreamKind::room: return widened(recall_stream<Room>(log, key.stream));
        case StreamKind::reader: return widened(recall_stream<Reader>(log, key.stream));
        case StreamKind::server: return widened(recall_stream<ServerState>(log, key.stream));
    }
    broken_invariant("every kind of stream is listed above");
}

void keep_snapshot(EventLog& log, const StreamId& stream) {
    switch (stream.kind) {
        case StreamKind::account: return keep_snapshot_of<Account>(log, stream);
        case StreamKind::room: return keep_snapshot_of<Room>(log, stream);
        case StreamKind::reader: return keep_snapshot_of<Reader>(log, stream);
        case StreamKind::server: return keep_snapshot_of<ServerState>(log, stream);
    }
}

}  // namespace verbatim
