// What EventLog knows of what is gone, or has to go.
#include "eventstore/event_log.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/event_types.hpp"
#include "eventstore/log_keys.hpp"

#include <functional>
#include <limits>
#include <utility>

namespace verbatim {
namespace {

tl::unexpected<StoreError> damaged(std::string detail) {
    return failure(StoreError{StoreFault::corrupt_record, {}, std::move(detail)});
}

StoreResult<std::uint64_t> number_at(const Storage& storage, std::string_view key) {
    const auto found = storage.get(EventLog::meta, key);
    if (!found) return failure(found.error());
    if (!*found) return 0;
    const auto number = parse_number_value(**found);
    if (!number) return damaged("a note of the column meta has the wrong size");
    return *number;
}

// Visits the ids that stand behind `prefix`, with their values.
StoreResult<void> for_each_behind(
    const Storage& storage,
    std::string_view prefix,
    const std::function<StoreResult<void>(const Uuid&)>& visit
) {
    const auto cursor = storage.cursor(EventLog::meta, end_of_prefix(prefix));
    for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
        const auto id = id_behind(prefix, cursor->key());
        if (!id) return damaged("a key of the column meta is cut off");
        auto visited = visit(*id);
        if (!visited) return visited;
    }
    return cursor->status();
}

StoreResult<PendingExpiry> expiry(const Storage& storage, const RoomId& room) {
    const auto after = number_at(storage, cleared_key(room));
    if (!after) return failure(after.error());
    const auto up_to = number_at(storage, expired_key(room));
    if (!up_to) return failure(up_to.error());
    return PendingExpiry{room, Version(*after), Version(*up_to)};
}

}  // namespace

StoreResult<std::vector<UserId>> users_behind(const Storage& storage, std::string_view prefix) {
    std::vector<UserId> users;
    auto visited = for_each_behind(storage, prefix, [&](const Uuid& id) -> StoreResult<void> {
        users.emplace_back(id);
        return {};
    });
    if (!visited) return failure(visited.error());
    return users;
}

StoreResult<std::vector<UserId>> EventLog::erasures_pending() const {
    return users_behind(*state_->storage, erasing_prefix);
}

StoreResult<std::optional<Position>> EventLog::erased_at(const UserId& user) const {
    const auto position = number_at(*state_->storage, erased_key(user));
    if (!position) return failure(position.error());
    if (*position == 0) return std::optional<Position>();
    return std::optional(Position(*position));
}

StoreResult<PendingExpiry> EventLog::expiry_of(const RoomId& room) const {
    return expiry(*state_->storage, room);
}

StoreResult<std::vector<PendingExpiry>> EventLog::expiries_pending() const {
    std::vector<PendingExpiry> pending;
    const Storage& storage = *state_->storage;
    auto visited =
        for_each_behind(storage, expired_prefix, [&](const Uuid& id) -> StoreResult<void> {
            auto found = expiry(storage, RoomId(id));
            if (!found) return failure(found.error());
            if (found->after < found->up_to) pending.push_back(*found);
            return {};
        });
    if (!visited) return failure(visited.error());
    return pending;
}

StoreResult<std::vector<Position>> EventLog::texts_of_messages(
    const RoomId& room, Version after, Version up_to
) const {
    std::vector<Position> texts;
    const Position end = head();
    const auto add_if = [&](Position position, const EventType& wanted) -> StoreResult<void> {
        if (position > end) return {};
        const auto stored = state_->reader.stored(position);
        if (!stored) return failure(stored.error());
        const auto record = RecordReader::parse(position, *stored);
        if (!record) return failure(record.error());
        if (record->type == wanted.type) texts.push_back(position);
        return {};
    };
    const StreamId stream = stream_of(room);
    const auto sendings =
        state_->storage->cursor(streams, std::string_view(stream_key(stream, up_to.next())));
    for (sendings->seek(stream_key(stream, after.next())); sendings->valid(); sendings->next()) {
        const auto entry = parse_stream_value(sendings->value());
        if (!entry) return damaged("an entry of the stream index is cut off");
        if (entry->bears_on_aggregate) continue;  // no message does
        if (auto added = add_if(entry->position, wire_of<MessageSent>); !added)
            return failure(added.error());
    }
    if (auto status = sendings->status(); !status) return failure(status.error());
    const auto edits = state_->storage->cursor(
        streams, std::string_view(message_key(room, up_to.next(), Version()))
    );
    for (edits->seek(message_key(room, after.next(), Version())); edits->valid(); edits->next()) {
        const auto position = parse_message_value(edits->value());
        if (!position) return damaged("a message's index entry is no position");
        if (auto added = add_if(*position, wire_of<MessageEdited>); !added)
            return failure(added.error());
    }
    if (auto status = edits->status(); !status) return failure(status.error());
    return texts;
}

StoreResult<void> EventLog::note_forgotten(
    std::span<const UserId> users, std::span<const PendingExpiry> expiries
) {
    auto noted = state_->storage->new_batch();
    for (const UserId& user : users) noted->erase(meta, erasing_key(user));
    for (const PendingExpiry& expiry : expiries)
        noted->put(meta, cleared_key(expiry.room), number_value(expiry.up_to.value()));
    return state_->write(std::move(noted), Durability::synced);
}

std::uint64_t EventLog::destructions() const {
    return state_->destructions;
}

bool EventLog::needs_scrub() const {
    return state_->needs_scrub;
}

StoreResult<void> EventLog::scrub() {
    // Names stand in the keys of `claims`. Of the idempotency records the bytes may stay: without
    // the key that is kept apart they say nothing.
    std::vector<KeyRange> ranges{{claims, {}, {}}, {snapshots, {}, {}}};
    std::uint64_t before = 0;
    {
        const std::lock_guard lock(state_->write_mutex);
        before = state_->destructions;
        if (state_->unscrubbed_last > Position())
            ranges.push_back(
                {contents,
                 std::string(content_key(state_->unscrubbed_first, 0)),
                 std::string(content_key(state_->unscrubbed_last.next(), 0))}
            );
    }
    auto scrubbed = state_->storage->scrub(ranges);
    if (!scrubbed) return scrubbed;
    auto noted = state_->storage->new_batch();
    noted->erase(meta, unscrubbed_key);
    const std::lock_guard lock(state_->write_mutex);
    if (state_->destructions != before) return {};  // what went meanwhile takes another one
    auto written = state_->write_locked(std::move(noted), Durability::synced);
    if (!written) return written;
    state_->needs_scrub = false;
    state_->unscrubbed_first = Position(std::numeric_limits<std::uint64_t>::max());
    state_->unscrubbed_last = Position();
    return {};
}

void EventLog::cancel_scrub() {
    state_->storage->cancel_scrub();
}

}  // namespace verbatim
