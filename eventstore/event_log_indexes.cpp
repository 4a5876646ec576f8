// What EventLog finds without reading events: versions, names, keys, snapshots; and how the
// indexes are made again.
#include "eventstore/event_log.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/key_groups.hpp"
#include "eventstore/log_keys.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace verbatim {
namespace {

constexpr std::size_t rebuild_batch_bytes = 1u << 20;

// A fixed-form value read by key; nullopt where there is none.
template <class Value>
StoreResult<std::optional<Value>> find(
    const Storage& storage,
    std::size_t column,
    std::string_view key,
    std::optional<Value> (*parse)(std::string_view)
) {
    const auto stored = storage.get(column, key);
    if (!stored) return failure(stored.error());
    if (!*stored) return std::optional<Value>();
    auto value = parse(**stored);
    if (value) return value;
    return failure(StoreError{
        StoreFault::corrupt_record,
        {},
        "an entry of the column " + EventLog::column_names()[column] + " has the wrong size"});
}

// Collects what a scan of the log yields for `claims` and `idempotency`.
class IndexRebuilder {
public:
    explicit IndexRebuilder(Storage& storage) : storage_(storage), batch_(storage.new_batch()) {}

    [[nodiscard]] StoreResult<void> add(const RecordedEvent& event) {
        add_claims(event);
        key_groups_.add(event, *batch_);
        if (batch_->bytes() < rebuild_batch_bytes) return {};
        return storage_.write(std::exchange(batch_, storage_.new_batch()), Durability::buffered);
    }
    // Makes all of it durable, and the indexes whole.
    [[nodiscard]] StoreResult<void> finish() {
        batch_->erase(EventLog::meta, rebuilding_key);
        return storage_.write(std::move(batch_), Durability::synced);
    }

private:
    void add_claims(const RecordedEvent& event) {
        const auto known = names_.find(event.stream);
        const auto previous = known == names_.end() ? std::nullopt : std::optional(known->second);
        for (const ClaimChange& change : claims_of(event, previous)) {
            const std::string key = claim_key(change.name);
            if (change.holder) {
                batch_->put(EventLog::claims, key, as_text(change.holder->bytes));
            } else {
                batch_->erase(EventLog::claims, key);
            }
            if (change.name.kind == ClaimKind::direct_pair) continue;
            if (change.holder) {
                names_[event.stream] = change.name.name;
            } else {
                names_.erase(event.stream);
            }
        }
    }

    Storage& storage_;
    std::unique_ptr<StorageBatch> batch_;
    std::unordered_map<StreamId, std::string> names_;  // that each stream holds
    KeyGroups key_groups_;
};

StoreResult<void> refill_indexes(Storage& storage, EventCursor& events) {
    IndexRebuilder rebuilder(storage);
    while (true) {
        const auto event = events.next();
        if (!event) return failure(event.error());
        if (!*event) return rebuilder.finish();
        auto added = rebuilder.add(**event);
        if (!added) return added;
    }
}

void add_alias_claims(
    const RecordedEvent& event,
    const std::optional<std::string>& previous,
    const std::optional<std::string>& alias,
    std::vector<ClaimChange>& changes
) {
    if (previous == alias) return;
    if (previous) changes.push_back({{ClaimKind::alias, *previous}, std::nullopt});
    if (alias) changes.push_back({{ClaimKind::alias, *alias}, event.stream.id});
}

}  // namespace

ClaimName direct_pair(const UserId& one, const UserId& other) {
    const auto& [smaller, larger] = std::minmax(one.value(), other.value());
    return {
        ClaimKind::direct_pair,
        std::string(as_text(smaller.bytes)) + std::string(as_text(larger.bytes))};
}

std::vector<ClaimChange> claims_of(
    const RecordedEvent& event, const std::optional<std::string>& previous
) {
    std::vector<ClaimChange> changes;
    if (const auto* const account_event = std::get_if<AccountEvent>(&event.event)) {
        const auto* const registered = std::get_if<UserRegistered>(account_event);
        if (registered != nullptr && registered->username) {
            changes.push_back({{ClaimKind::username, *registered->username}, event.stream.id});
        }
        if (previous && std::holds_alternative<ErasureBegun>(*account_event)) {
            changes.push_back({{ClaimKind::username, *previous}, std::nullopt});
        }
        return changes;
    }
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return changes;
    if (const auto* const created = std::get_if<RoomCreated>(room_event)) {
        add_alias_claims(event, previous, created->alias, changes);
        if (created->direct_with) {
            changes.push_back({direct_pair(event.actor, *created->direct_with), event.stream.id});
        }
    } else if (const auto* const updated = std::get_if<RoomUpdated>(room_event)) {
        if (updated->alias) add_alias_claims(event, previous, *updated->alias, changes);
    }
    return changes;
}

StoreResult<Version> EventLog::version_of(const StreamId& stream) const {
    const Position end = head();
    const auto cursor = state_->storage->cursor(streams);
    const Key prefix = stream_prefix(stream);
    cursor->seek_for_previous(stream_key(stream, Version(std::numeric_limits<std::uint64_t>::max()))
    );
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->previous()) {
        const auto entry = parse_stream_value(cursor->value());
        if (!entry) {
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "an entry of the stream index is cut off"});
        }
        if (entry->position <= end) return version_of_stream_key(cursor->key());
    }
    if (!cursor->valid()) {
        auto status = cursor->status();
        if (!status) return failure(status.error());
    }
    return Version();
}

StoreResult<std::optional<Position>> EventLog::position_of(const StreamId& stream, Version version)
    const {
    const Position end = head();
    const auto entry =
        find(*state_->storage, streams, stream_key(stream, version), &parse_stream_value);
    if (!entry) return failure(entry.error());
    if (!*entry || (*entry)->position > end) return std::optional<Position>();
    return std::optional((*entry)->position);
}

StoreResult<Version> EventLog::first_version_after(const StreamId& stream, Position after) const {
    const auto last = version_of(stream);
    if (!last) return failure(last.error());
    std::uint64_t low = 1;
    std::uint64_t high = last->value() + 1;  // the answer is in [low, high]
    while (low < high) {
        const Version middle(low + (high - low) / 2);
        const auto position = position_of(stream, middle);
        if (!position) return failure(position.error());
        if (!*position) {
            return failure(StoreError{
                StoreFault::missing_record,
                {},
                "version " + std::to_string(middle.value()) + " of the stream is not in its index"}
            );
        }
        if (**position > after) {
            high = middle.value();
        } else {
            low = middle.value() + 1;
        }
    }
    return Version(low);
}

StoreResult<std::optional<Uuid>> EventLog::holder_of(const ClaimName& name) const {
    return find(*state_->storage, claims, claim_key(name), &parse_claim_value);
}

StoreResult<std::optional<IdempotencyRecord>> EventLog::remembered(const KeyHash& key) const {
    return find(*state_->storage, idempotency, as_text(key), &parse_idempotency_value);
}

StoreResult<std::optional<std::string>> EventLog::snapshot_of(const StreamId& stream) const {
    return state_->storage->get(snapshots, stream_prefix(stream));
}

StoreResult<void> EventLog::keep_snapshot(
    const StreamId& stream, std::string_view state, std::uint64_t destructions
) {
    auto batch = state_->storage->new_batch();
    batch->put(snapshots, stream_prefix(stream), state);
    const std::lock_guard lock(state_->write_mutex);
    if (state_->destructions != destructions) return {};
    return state_->write_locked(std::move(batch), Durability::buffered);
}

StoreResult<void> EventLog::rebuild_indexes() {
    const std::lock_guard lock(state_->write_mutex);
    // Until it has succeeded, names and keys are not known, and commits must not go by them.
    state_->write_failed = true;
    Storage& storage = *state_->storage;
    auto begun = storage.new_batch();
    begun->put(meta, rebuilding_key, {});
    auto done = storage.write(std::move(begun), Durability::synced);
    if (done) done = storage.clear(claims);
    if (done) done = storage.clear(idempotency);
    if (done) done = refill_indexes(storage, *read_all(Position()));
    state_->write_failed = !done;
    return done;
}

}  // namespace verbatim
