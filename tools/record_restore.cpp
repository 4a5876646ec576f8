#include "tools/record_restore.hpp"

#include "domain/account.hpp"
#include "domain/room.hpp"
#include "eventstore/replica.hpp"
#include "protocol/random.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace verbatim {

namespace {

constexpr std::size_t events_per_part = 1'024;
constexpr std::size_t bytes_per_part = 4u << 20;
constexpr std::size_t events_per_commit = 256;

StoreResult<void> forget_contents(StoredEvent& stored, const Erasures& erasures) {
    if (erasures.empty()) return {};
    const auto record = parse_record(stored.record);
    if (!record) return failure(record.error());
    const auto are_gone = erasures.destroy_contents_of(*record);
    if (!are_gone) return failure(are_gone.error());
    if (*are_gone) std::ranges::fill(stored.contents, std::nullopt);
    return {};
}

// A stream's state as it was at a position.
template <class State, class Event>
StoreResult<State> folded(EventCursor& cursor, Position up_to) {
    State state;
    while (true) {
        const auto event = cursor.next();
        if (!event) return failure(event.error());
        if (!*event || (*event)->position > up_to) return state;
        state = evolve(std::move(state), std::get<Event>((*event)->event), (*event)->context());
    }
}

// Judges each erasure by the log as it was, and writes what it makes of it.
class Forgetter {
public:
    Forgetter(const EventLog& from, EventLog& to, Position up_to)
        : from_(from), to_(to), up_to_(up_to), at_(to.head()), now_(system_now()) {
        now_ = std::max(now_, to.last_at());
    }

    StoreResult<void> forget(const UserId& user, const UserId& actor) {
        const auto cursor = from_.read_stream(stream_of(user), Version());
        const auto account = folded<Account, AccountEvent>(*cursor, up_to_);
        if (!account) return failure(account.error());
        const auto events = decide(
            *account, AccountFacts(), BeginErasure{.verified = {}}, {.actor = actor, .now = now_}
        );
        // Refused: it did not exist yet, or was erased by then.
        if (!events) return {};
        std::vector<Event> all(events->begin(), events->end());
        return append(stream_of(user), actor, std::move(all));
    }
    StoreResult<void> forget(const RoomId& room, Version seq, const UserId& actor) {
        const auto cursor = from_.read_message(room, seq);
        bool is_there = false;
        while (true) {
            const auto event = cursor->next();
            if (!event) return failure(event.error());
            if (!*event || (*event)->position > up_to_) break;
            const auto* const deleted =
                std::get_if<MessageDeleted>(&std::get<RoomEvent>((*event)->event));
            if (deleted && deleted->destroyed) return {};
            is_there = true;
        }
        if (!is_there) return {};
        const auto state = room_at(room);
        if (!state) return failure(state.error());
        std::vector<Event> events;
        if (state->pinned.contains(seq))
            events.emplace_back(RoomEvent(MessageUnpinned{.seq = seq}));
        events.emplace_back(RoomEvent(MessageDeleted{.seq = seq, .destroyed = true}));
        return append(stream_of(room), actor, std::move(events));
    }
    StoreResult<void> expire(const RoomId& room, Version up_to) {
        const auto state = room_at(room);
        if (!state) return failure(state.error());
        const auto next = from_.first_version_after(stream_of(room), up_to_);
        if (!next) return failure(next.error());
        const Version last(std::min(up_to.value(), next->value() - 1));
        if (last <= state->expired_to) return {};
        return append(stream_of(room), the_server, {RoomEvent(ContentsExpired{.up_to = last})});
    }
    StoreResult<void> commit() {
        if (batch_.events.empty()) return {};
        return to_.commit(to_.prepare(std::exchange(batch_, {})));
    }

private:
    StoreResult<Room> room_at(const RoomId& room) {
        const auto cursor = from_.read_stream_for_fold(stream_of(room), Version());
        return folded<Room, RoomEvent>(*cursor, up_to_);
    }
    StoreResult<void> append(
        const StreamId& stream, const UserId& actor, std::vector<Event> events
    ) {
        const CommandId command(new_uuid(now_));
        if (!versions_.contains(stream)) {
            const auto version = to_.version_of(stream);
            if (!version) return failure(version.error());
            versions_[stream] = *version;
        }
        for (Event& event : events) {
            at_ = at_.next();
            versions_[stream] = versions_[stream].next();
            batch_.events.push_back(
                {.position = at_,
                 .stream = stream,
                 .version = versions_[stream],
                 .id = EventId(new_uuid(now_)),
                 .command = command,
                 .at = now_,
                 .occurred_at = std::nullopt,
                 .actor = actor,
                 .key = std::nullopt,
                 .event = std::move(event)}
            );
        }
        return batch_.events.size() < events_per_commit ? StoreResult<void>() : commit();
    }

    const EventLog& from_;
    EventLog& to_;
    const Position up_to_;
    Position at_;
    Timestamp now_;
    CommitBatch batch_;
    std::unordered_map<StreamId, Version> versions_;
};

}  // namespace

StoreResult<void> copy_records(
    const EventLog& from,
    EventLog& to,
    Position up_to,
    const Erasures& erasures,
    const std::function<void(Position)>& progress
) {
    for (Position at; at < up_to; at = to.head()) {
        auto page = from.read_stored_after(at, events_per_part, bytes_per_part);
        if (!page) return failure(page.error());
        page->resize(std::min<std::size_t>(page->size(), up_to.value() - at.value()));
        for (StoredEvent& stored : *page)
            if (auto done = forget_contents(stored, erasures); !done) return done;
        ReplicaPart part;
        part.after = at;
        part.events = std::move(*page);
        auto verified = verify(std::move(part));
        if (!verified) return failure(verified.error());
        const auto appended = to.replicate(std::move(*verified));
        if (!appended) return failure(appended.error());
        progress(to.head());
    }
    return {};
}

StoreResult<void> append_erasures(
    const EventLog& from, EventLog& to, Position up_to, const Erasures& erasures
) {
    Forgetter forgetter(from, to, up_to);
    StoreResult<void> done;
    for (const auto& [message, actor] : erasures.messages)
        if (done) done = forgetter.forget(message.first, message.second, actor);
    for (const auto& [room, expired] : erasures.expired)
        if (done) done = forgetter.expire(room, expired);
    for (const auto& [user, actor] : erasures.users)
        if (done) done = forgetter.forget(user, actor);
    return done ? forgetter.commit() : done;
}

}  // namespace verbatim
