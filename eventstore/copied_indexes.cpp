#include "eventstore/copied_indexes.hpp"

#include "domain/limits.hpp"
#include "eventstore/event_types.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/record_reader.hpp"

#include <array>
#include <limits>
#include <utility>

namespace verbatim {
namespace {

constexpr std::size_t versions_max = 1u << 18;

template <class Wanted, class Variant>
const Wanted* event_in(const RecordedEvent& event) {
    const auto* const alternatives = std::get_if<Variant>(&event.event);
    return alternatives == nullptr ? nullptr : std::get_if<Wanted>(alternatives);
}
template <class Wanted>
const Wanted* room_event_in(const RecordedEvent& event) {
    return event_in<Wanted, RoomEvent>(event);
}

bool releases_a_name(const RecordedEvent& event) {
    if (event_in<ErasureBegun, AccountEvent>(event) != nullptr) return true;
    const auto* const updated = room_event_in<RoomUpdated>(event);
    return updated != nullptr && updated->alias.has_value();
}

const MessageDeleted* destroying(const RecordedEvent& event) {
    const auto* const deleted = room_event_in<MessageDeleted>(event);
    return deleted != nullptr && deleted->destroyed ? deleted : nullptr;
}

constexpr auto naming_types = std::to_array<std::string_view>(
    {wire_of<UserRegistered>.type, wire_of<RoomCreated>.type, wire_of<RoomUpdated>.type}
);

// The name that the event gives its stream; the outer nullopt: it gives none and takes none.
std::optional<std::optional<std::string>> name_given_by(const RecordedEvent& event) {
    if (const auto* const registered = event_in<UserRegistered, AccountEvent>(event))
        return registered->username;
    if (const auto* const created = room_event_in<RoomCreated>(event)) return created->alias;
    if (const auto* const updated = room_event_in<RoomUpdated>(event)) {
        if (updated->alias) return std::optional<std::string>(*updated->alias);
    }
    return std::nullopt;
}

}  // namespace

StoreResult<void> CopiedIndexes::accept_versions(const std::vector<RecordedEvent>& events) {
    if (versions_.size() > versions_max) versions_.clear();
    for (const RecordedEvent& event : events) {
        const auto [known, is_new] = versions_.try_emplace(event.stream);
        if (is_new) {
            auto last = version_of(event.stream);
            if (!last) {
                versions_.clear();
                return failure_at(event.position, std::move(last.error()));
            }
            known->second = *last;
        }
        if (known->second.next() != event.version) {
            const std::string detail = "version " + std::to_string(event.version.value()) +
                                       " of its stream follows version " +
                                       std::to_string(known->second.value());
            versions_.clear();
            return failure_at(event.position, StoreFault::does_not_follow, detail);
        }
        known->second = event.version;
    }
    return {};
}

StoreResult<Version> CopiedIndexes::version_of(const StreamId& stream) const {
    const Key prefix = stream_prefix(stream);
    const auto cursor = storage_.cursor(EventLog::streams);
    cursor->seek_for_previous(stream_key(stream, Version(std::numeric_limits<std::uint64_t>::max()))
    );
    if (cursor->valid())
        return cursor->key().starts_with(prefix) ? version_of_stream_key(cursor->key()) : Version();
    if (auto status = cursor->status(); !status) return failure(std::move(status.error()));
    return Version();
}

bool CopiedIndexes::looks_back(const RecordedEvent& event) {
    return releases_a_name(event) || destroying(event) != nullptr;
}

StoreResult<void> CopiedIndexes::put(
    const RecordedEvent& event, StorageBatch& writes, Destruction& destroyed
) {
    if (auto put = put_claims(event, writes); !put) return put;
    if (event.key && !std::exchange(keys_are_resumed_, true)) {
        if (auto resumed = resume_keys(event); !resumed) return resumed;
    }
    keys_.add(event, writes);
    if (const auto* const deleted = destroying(event))
        return destroy_message(RoomId(event.stream.id), deleted->seq, destroyed);
    return {};
}

StoreResult<void> CopiedIndexes::put_claims(const RecordedEvent& event, StorageBatch& writes)
    const {
    std::optional<std::string> previous;
    if (releases_a_name(event)) {
        auto held = name_held_by(event.stream);
        if (!held) return failure(std::move(held.error()));
        previous = std::move(*held);
    }
    for (const ClaimChange& change : claims_of(event, previous)) {
        const std::string key = claim_key(change.name);
        if (change.holder) {
            writes.put(EventLog::claims, key, as_text(change.holder->bytes));
        } else {
            writes.erase(EventLog::claims, key);
        }
    }
    return {};
}

// Back from the stream's end, over its index: a room of a million messages is passed over without
// touching their records, since they do not bear on it.
StoreResult<std::optional<std::string>> CopiedIndexes::name_held_by(const StreamId& stream) const {
    const Key prefix = stream_prefix(stream);
    const auto cursor = storage_.cursor(EventLog::streams);
    cursor->seek_for_previous(stream_key(stream, Version(std::numeric_limits<std::uint64_t>::max()))
    );
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->previous()) {
        const auto entry = parse_stream_value(cursor->value());
        if (!entry) {
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "an entry of the stream index is cut off"});
        }
        if (!entry->bears_on_aggregate) continue;
        const auto event = event_of_types(entry->position, naming_types);
        if (!event) return failure(event.error());
        if (!*event) continue;
        if (auto name = name_given_by(**event)) return std::move(*name);
    }
    if (auto status = cursor->status(); !status) return failure(std::move(status.error()));
    return std::optional<std::string>();
}

// The event, with those of its contents that there are, if it is of one of `types`.
StoreResult<std::optional<RecordedEvent>> CopiedIndexes::event_of_types(
    Position position, std::span<const std::string_view> types
) const {
    RecordReader reader(storage_);
    reader.expect_contents_after(RecordReader::never);
    const auto bytes = reader.stored(position);
    if (!bytes) return failure(bytes.error());
    const auto record = RecordReader::parse(position, *bytes);
    if (!record) return failure(record.error());
    for (const std::string_view type : types) {
        if (record->type != type) continue;
        auto event = reader.event(position);
        if (!event) return failure(std::move(event.error()));
        return std::optional(std::move(*event));
    }
    return std::optional<RecordedEvent>();
}

// A copy may have ended in the middle of a command.
StoreResult<void> CopiedIndexes::resume_keys(const RecordedEvent& event) {
    const auto stored = storage_.get(EventLog::idempotency, as_text(event.key->key));
    if (!stored) return failure_at(event.position, stored.error());
    const auto known = *stored ? parse_idempotency_value(**stored) : std::nullopt;
    if (known) keys_.resume(event, *known);
    return {};
}

StoreResult<void> CopiedIndexes::destroy_message(
    const RoomId& room, Version seq, Destruction& destroyed
) const {
    const auto sending = storage_.get(EventLog::streams, stream_key(stream_of(room), seq));
    if (!sending) return failure(sending.error());
    const auto entry = *sending ? parse_stream_value(**sending) : std::nullopt;
    if (entry) {
        auto done = destroy_texts_at(entry->position, destroyed);
        if (!done) return done;
    }
    const Key prefix = message_prefix(room, seq);
    const auto cursor = storage_.cursor(EventLog::streams, end_of_prefix(prefix));
    for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
        const auto position = parse_message_value(cursor->value());
        if (!position) {
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "a message's index entry is no position"});
        }
        auto done = destroy_texts_at(*position, destroyed);
        if (!done) return done;
    }
    return cursor->status();
}

StoreResult<void> CopiedIndexes::destroy_texts_at(Position position, Destruction& destroyed) const {
    const auto bytes = RecordReader(storage_).stored(position);
    if (!bytes) return failure(bytes.error());
    const auto record = RecordReader::parse(position, *bytes);
    if (!record) return failure(record.error());
    const auto count = static_cast<std::uint16_t>(record->commitments.size());
    if (count > 0) destroyed.contents.push_back({position, count});
    return {};
}

}  // namespace verbatim
