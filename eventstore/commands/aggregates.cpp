#include "eventstore/commands/aggregates.hpp"

#include "domain/invariant.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr std::int64_t snapshot_interval_us = 1'000'000;

template <class Cache, class Key>
const auto& held(const Cache& cache, const Key& key) {
    const auto* const recalled = cache.peek(key);
    invariant(recalled != nullptr, "a command is decided once all that it needs was recalled");
    return *recalled;
}

template <class Cache, class Key>
auto& to_change(Cache& cache, const Key& key) {
    auto* const recalled = cache.touch(key);
    invariant(recalled != nullptr, "events are staged only for aggregates that were recalled");
    return *recalled;
}

template <class State>
void move_to(Recalled<State>& recalled, const RecordedEvent& event) {
    invariant(event.version == recalled.version.next(), "an event continues its stream");
    recalled.version = event.version;
    recalled.position = event.position;
}

template <class State>
bool take_due(Recalled<State>& recalled, Timestamp now) {
    if (!is_snapshot_due(recalled)) return false;
    if (now.microseconds() - recalled.kept_at.microseconds() < snapshot_interval_us) return false;
    recalled.kept = recalled.version;
    recalled.kept_at = now;
    return true;
}

}  // namespace

template <class Visitor>
void Aggregates::with_cache_of(const AggregateKey& key, Visitor&& visitor) {
    if (key.seq != Version()) return visitor(messages_, key);
    switch (key.stream.kind) {
        case StreamKind::account: return visitor(accounts_, key.stream);
        case StreamKind::room: return visitor(rooms_, key.stream);
        case StreamKind::reader: return visitor(readers_, key.stream);
        case StreamKind::server: return visitor(server_, key.stream);
    }
}

bool Aggregates::touch(const AggregateKey& key) {
    bool found = false;
    with_cache_of(key, [&](auto& cache, const auto& own_key) {
        found = cache.touch(own_key) != nullptr;
    });
    return found;
}

const Recalled<Account>& Aggregates::account(const StreamId& stream) const {
    return held(accounts_, stream);
}
const Recalled<Room>& Aggregates::room(const StreamId& stream) const {
    return held(rooms_, stream);
}
const Recalled<Reader>& Aggregates::reader(const StreamId& stream) const {
    return held(readers_, stream);
}
const Recalled<ServerState>& Aggregates::server() const {
    return held(server_, server_stream);
}
const Recalled<Message>& Aggregates::message(const StreamId& room, Version seq) const {
    return held(messages_, AggregateKey{room, seq});
}

std::optional<std::string> Aggregates::claimed_name(const StreamId& stream) const {
    if (const auto* const room = rooms_.peek(stream)) return room->state.alias;
    const auto* const account = accounts_.peek(stream);
    if (account == nullptr || account->state.username.empty()) return std::nullopt;
    return account->state.username;
}

Aggregates::Place Aggregates::place_of(const StreamId& stream) const {
    const auto place = [](const auto& recalled) {
        return Place{recalled.version, recalled.position};
    };
    switch (stream.kind) {
        case StreamKind::account: return place(account(stream));
        case StreamKind::room: return place(room(stream));
        case StreamKind::reader: return place(reader(stream));
        case StreamKind::server: return place(server());
    }
    broken_invariant("every kind of stream is listed above");
}

void Aggregates::insert(const AggregateKey& key, AnyRecalled recalled) {
    with_cache_of(key, [&](auto& cache, const auto& own_key) {
        using Value = std::decay_t<decltype(*cache.touch(own_key))>;
        invariant(cache.peek(own_key) == nullptr, "what is remembered is not recalled again");
        cache.put(own_key) = std::get<Value>(std::move(recalled));
    });
    if (key.stream.kind == StreamKind::room && key.seq == Version())
        members_ += room(key.stream).state.members.size();
}

void Aggregates::apply(const RecordedEvent& event) {
    if (const auto* const room_event = std::get_if<RoomEvent>(&event.event)) {
        apply_to_room(to_change(rooms_, event.stream), *room_event, event);
        apply_to_message(*room_event, event);
    } else if (const auto* const account_event = std::get_if<AccountEvent>(&event.event)) {
        auto& account = to_change(accounts_, event.stream);
        account.state = evolve(std::move(account.state), *account_event, event.context());
        move_to(account, event);
    } else if (const auto* const reader_event = std::get_if<ReaderEvent>(&event.event)) {
        auto& reader = to_change(readers_, event.stream);
        reader.state = evolve(std::move(reader.state), *reader_event, event.context());
        move_to(reader, event);
    } else {
        auto& server = to_change(server_, event.stream);
        const auto& server_event = std::get<ServerEvent>(event.event);
        server.state = evolve(std::move(server.state), server_event, event.context());
        move_to(server, event);
    }
}

void Aggregates::apply_to_room(
    Recalled<Room>& room, const RoomEvent& event, const RecordedEvent& recorded
) {
    if (bears_on_room(event)) {
        members_ -= room.state.members.size();
        room.state = evolve(std::move(room.state), event, recorded.context());
        members_ += room.state.members.size();
    }
    move_to(room, recorded);
}

void Aggregates::apply_to_message(const RoomEvent& event, const RecordedEvent& recorded) {
    Recalled<Message>* message = nullptr;
    if (std::holds_alternative<MessageSent>(event)) {
        message = &messages_.put({recorded.stream, recorded.version});
    } else if (const auto seq = message_named_by(event)) {
        message = &to_change(messages_, AggregateKey{recorded.stream, *seq});
    }
    if (message != nullptr) fold_into(*message, event, recorded);
}

bool Aggregates::take_due_snapshot(const StreamId& stream, Timestamp now) {
    switch (stream.kind) {
        case StreamKind::account: return take_due(to_change(accounts_, stream), now);
        case StreamKind::room: return take_due(to_change(rooms_, stream), now);
        case StreamKind::reader: return take_due(to_change(readers_, stream), now);
        case StreamKind::server: return take_due(to_change(server_, stream), now);
    }
    broken_invariant("every kind of stream is listed above");
}

void Aggregates::pin(const AggregateKey& key) {
    with_cache_of(key, [](auto& cache, const auto& own_key) { cache.pin(own_key); });
}

void Aggregates::unpin(const AggregateKey& key) {
    with_cache_of(key, [](auto& cache, const auto& own_key) { cache.unpin(own_key); });
}

bool Aggregates::drop_room(const StreamId& stream, Position durable) {
    const Recalled<Room>* const room = rooms_.peek(stream);
    if (room == nullptr) return true;
    const std::size_t members = room->state.members.size();
    if (room->position > durable || !rooms_.drop(stream)) return false;
    members_ -= members;
    return true;
}

void Aggregates::shrink(Position durable) {
    const auto is_durable = [durable](const auto& recalled) {
        return recalled.position <= durable;
    };
    const auto drop = [&](auto& cache) {
        return cache.drop_oldest(is_durable, [](const auto&) {});
    };
    const auto drop_room = [&] {
        return rooms_.drop_oldest(is_durable, [this](const Recalled<Room>& room) {
            members_ -= room.state.members.size();
        });
    };
    while (accounts_.size() > limits_.accounts_max && drop(accounts_)) {
    }
    while (readers_.size() > limits_.accounts_max && drop(readers_)) {
    }
    while (messages_.size() > limits_.messages_max && drop(messages_)) {
    }
    while (rooms_.size() > limits_.rooms_max && drop_room()) {
    }
    // One room that alone has too many members is kept all the same.
    while (members_ > limits_.members_max && rooms_.size() > 1 && drop_room()) {
    }
}

void Aggregates::clear() {
    accounts_.clear();
    rooms_.clear();
    readers_.clear();
    server_.clear();
    messages_.clear();
    members_ = 0;
}

}  // namespace verbatim
