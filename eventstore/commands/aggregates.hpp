#pragma once

#include "eventstore/commands/lru_cache.hpp"
#include "eventstore/commands/recall.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace verbatim {

struct AggregateLimits {
    std::size_t rooms_max = 0;
    std::size_t members_max = 0;  // over all rooms
    std::size_t accounts_max = 0;
    std::size_t messages_max = 0;
};

// The aggregates that the decide thread remembers, each as it is after every event that was staged,
// durable or not. Bounded, the least recently used going first.
//
// Invariant: what is not here has no event on its way into the log, so the durable log tells all
//            of it. It holds because events are only staged for what is here (apply() checks it),
//            nothing goes whose newest event is not durable (shrink() sees to it), and a recall
//            never brings what is here already (insert() checks it).
// Threads:   the decide thread alone.
class Aggregates {
public:
    explicit Aggregates(const AggregateLimits& limits) : limits_(limits) {}

    // Whether it is here; makes it the newest of its kind.
    [[nodiscard]] bool touch(const AggregateKey& key);
    // nullptr: not here. Changes no order.
    [[nodiscard]] const Recalled<Room>* find_room(const StreamId& stream) const {
        return rooms_.peek(stream);
    }
    // Requires: they are here.
    [[nodiscard]] const Recalled<Account>& account(const StreamId& stream) const;
    [[nodiscard]] const Recalled<Room>& room(const StreamId& stream) const;
    [[nodiscard]] const Recalled<Reader>& reader(const StreamId& stream) const;
    [[nodiscard]] const Recalled<ServerState>& server() const;
    [[nodiscard]] const Recalled<Message>& message(const StreamId& room, Version seq) const;
    // The unique name that the stream's aggregate holds now, if it is here and holds one.
    [[nodiscard]] std::optional<std::string> claimed_name(const StreamId& stream) const;
    // Place of the stream's newest event. Requires: the stream's aggregate is here.
    struct Place {
        Version version;
        Position position;
    };
    [[nodiscard]] Place place_of(const StreamId& stream) const;

    // Requires: not here.
    void insert(const AggregateKey& key, AnyRecalled recalled);
    // Folds in an event that was staged. Requires: its stream's aggregate is here, as is the
    // message that it names; the event continues the stream.
    void apply(const RecordedEvent& event);
    // Whether it is time to keep a snapshot of the stream; not twice within a second of log time.
    [[nodiscard]] bool take_due_snapshot(const StreamId& stream, Timestamp now);

    // What is pinned stays until it was unpinned as often. Requires: it is here.
    void pin(const AggregateKey& key);
    void unpin(const AggregateKey& key);
    // Lets the room go, to be recalled anew. False: it is pinned or newer than `durable`. True too
    // where it is not here.
    [[nodiscard]] bool drop_room(const StreamId& stream, Position durable);
    // Lets go what is beyond the limits and neither pinned nor newer than `durable`.
    void shrink(Position durable);
    void clear();

    [[nodiscard]] std::size_t size() const {
        return accounts_.size() + rooms_.size() + readers_.size() + server_.size() +
               messages_.size();
    }

private:
    template <class State>
    using Cache = LruCache<StreamId, Recalled<State>>;

    void apply_to_room(Recalled<Room>& room, const RoomEvent& event, const RecordedEvent& recorded);
    void apply_to_message(const RoomEvent& event, const RecordedEvent& recorded);
    template <class Visitor>
    void with_cache_of(const AggregateKey& key, Visitor&& visitor);

    const AggregateLimits limits_;
    Cache<Account> accounts_;
    Cache<Room> rooms_;
    Cache<Reader> readers_;
    Cache<ServerState> server_;  // one, once it was needed
    LruCache<AggregateKey, Recalled<Message>> messages_;
    std::size_t members_ = 0;  // over all rooms_
};

}  // namespace verbatim
