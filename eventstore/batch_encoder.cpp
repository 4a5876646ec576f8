#include "eventstore/batch_encoder.hpp"

#include "domain/invariant.hpp"
#include "domain/limits.hpp"
#include "domain/message.hpp"
#include "domain/room.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_layout.hpp"

#include <algorithm>

namespace verbatim {
namespace {

constexpr std::size_t seen_streams = 4096;
constexpr std::size_t record_checksum_bytes = 4;  // outside of what the leaf covers
constexpr std::size_t events_per_batch_max =
    limits::commands_per_batch_max * limits::events_per_command_max;

bool bears_on_aggregate(const Event& event) {
    const auto* const room_event = std::get_if<RoomEvent>(&event);
    return room_event == nullptr || bears_on_room(*room_event);
}

void put_indexes(const RecordedEvent& event, StorageBatch& writes) {
    writes.put(
        EventLog::streams,
        stream_key(event.stream, event.version),
        stream_value({event.position, bears_on_aggregate(event.event)})
    );
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return;
    if (const auto seq = message_named_by(*room_event)) {
        writes.put(
            EventLog::streams,
            message_key(RoomId(event.stream.id), *seq, event.version),
            message_value(event.position)
        );
    }
}

void destroy(const Destruction& destroyed, StorageBatch& writes) {
    for (const auto& [position, count] : destroyed.contents)
        for (std::uint16_t ordinal = 0; ordinal < count; ++ordinal)
            writes.erase(EventLog::contents, content_key(position, ordinal));
    for (const KeyHash& key : destroyed.keys) writes.erase(EventLog::idempotency, as_text(key));
    for (const StreamId& stream : destroyed.snapshots)
        writes.erase(EventLog::snapshots, stream_prefix(stream));
    for (const auto& [room, version] : destroyed.cleared)
        writes.put(EventLog::meta, cleared_key(room), number_value(version.value()));
    if (!destroyed.contents.empty()) writes.put(EventLog::meta, unscrubbed_key, {});
}

// What lets a reader tell a content that was destroyed from one that was lost, and whoever destroys
// it see that it is to be.
void put_forgetting(const RecordedEvent& event, StorageBatch& writes) {
    if (const auto* const account = std::get_if<AccountEvent>(&event.event)) {
        const UserId user(event.stream.id);
        const std::string position = number_value(event.position.value());
        if (std::holds_alternative<ErasureBegun>(*account)) {
            writes.put(EventLog::meta, erased_key(user), position);
            writes.put(EventLog::meta, erasing_key(user), position);
        }
    } else if (const auto* const room = std::get_if<RoomEvent>(&event.event)) {
        if (const auto* const expired = std::get_if<ContentsExpired>(room))
            writes.put(
                EventLog::meta,
                expired_key(RoomId(event.stream.id)),
                number_value(expired->up_to.value())
            );
    }
}

}  // namespace

bool ends_erasure(const Event& event) {
    const auto* const account = std::get_if<AccountEvent>(&event);
    return account != nullptr && std::holds_alternative<UserErased>(*account);
}

BatchEncoder::BatchEncoder(LogEnd end, RandomBytes random)
    : end_(std::move(end)), random_(std::move(random)), seen_(seen_streams) {}

PreparedBatch BatchEncoder::begin(std::unique_ptr<StorageBatch> writes) const {
    return {
        .writes = std::move(writes),
        .after = end_.position,
        .last = end_.position,
        .last_at = end_.at,
        .last_leaf = end_.leaf,
        .tree = end_.tree};
}

void BatchEncoder::stage(PreparedBatch& into, const CommitBatch& part) {
    invariant(into.last == end_.position, "pieces are staged into the newest batch");
    StorageBatch& writes = *into.writes;
    for (const RecordedEvent& event : part.events) {
        check(event);
        put_event(event, writes);
        put_indexes(event, writes);
        put_forgetting(event, writes);
        if (ends_erasure(event.event))
            writes.erase(EventLog::meta, erasing_key(UserId(event.stream.id)));
    }
    for (const ClaimChange& change : part.claims) {
        const std::string key = claim_key(change.name);
        if (change.holder) {
            writes.put(EventLog::claims, key, as_text(change.holder->bytes));
        } else {
            writes.erase(EventLog::claims, key);
        }
    }
    for (const auto& [hash, record] : part.keys) {
        writes.put(EventLog::idempotency, as_text(hash), idempotency_value(record));
    }
    for (const auto& [note, is_recorded] : part.notes) {
        const std::string key = note_key(note.user, note.room);
        if (is_recorded) {
            writes.erase(EventLog::meta, key);
        } else {
            writes.put(EventLog::meta, key, note_value(note));
        }
    }
    destroy(part.destroyed, writes);
    into.destroys |= !part.destroyed.empty();
    for (const ContentsAt& gone : part.destroyed.contents) {
        const bool is_first = into.destroyed_first == Position();
        if (is_first || gone.position < into.destroyed_first) into.destroyed_first = gone.position;
        into.destroyed_last = std::max(into.destroyed_last, gone.position);
    }
    show_end(into);
}

void BatchEncoder::stage_copy(
    PreparedBatch& into, const RecordedEvent& event, const StoredEvent& stored, const Digest& leaf
) {
    invariant(into.last == end_.position, "pieces are staged into the newest batch");
    StorageBatch& writes = *into.writes;
    check(event);
    for (std::size_t ordinal = 0; ordinal < stored.contents.size(); ++ordinal) {
        const auto& content = stored.contents[ordinal];
        if (!content) continue;
        put_content(
            event.position,
            static_cast<std::uint16_t>(ordinal),
            content->salt,
            content->bytes,
            writes
        );
    }
    put_record(event, stored.record, leaf, writes);
    put_indexes(event, writes);
    put_forgetting(event, writes);
    show_end(into);
}

void BatchEncoder::rewind(LogEnd end) {
    end_ = std::move(end);
    seen_.assign(seen_.size(), {});
}

void BatchEncoder::show_end(PreparedBatch& batch) const {
    batch.last = end_.position;
    batch.last_at = end_.at;
    batch.last_leaf = end_.leaf;
    batch.tree = end_.tree;
    invariant(
        batch.last.value() - batch.after.value() <= events_per_batch_max,
        "the sequencer bounds its batches"
    );
}

void BatchEncoder::check(const RecordedEvent& event) {
    invariant(event.position == end_.position.next(), "positions continue without a gap");
    invariant(event.at >= end_.at, "log time never goes back");
    Seen& seen = seen_[std::hash<StreamId>{}(event.stream) % seen_.size()];
    invariant(
        seen.stream != event.stream || seen.version.next() == event.version,
        "a stream's versions continue without a gap"
    );
    invariant(event.version.value() > 0, "versions count from 1");
    seen = {event.stream, event.version};
}

void BatchEncoder::put_event(const RecordedEvent& event, StorageBatch& writes) {
    const EncodedEvent payload = verbatim::encode(event.event);
    const auto commitments = put_contents(event.position, payload.contents, writes);
    const std::string record = encode_record(event, payload, commitments);
    put_record(
        event,
        record,
        leaf_hash_of(std::string_view(record).substr(0, record.size() - record_checksum_bytes)),
        writes
    );
}

void BatchEncoder::put_record(
    const RecordedEvent& event, std::string_view record, const Digest& leaf, StorageBatch& writes
) {
    writes.put(EventLog::records, record_key(event.position), record);
    end_.position = event.position;
    end_.at = event.at;
    end_.leaf = leaf;
    end_.tree.append(end_.leaf, [&writes](NodeId node, const Digest& digest) {
        writes.put(EventLog::merkle, merkle_key(node), as_text(digest));
    });
}

std::vector<Commitment> BatchEncoder::put_contents(
    Position position, std::span<const ContentPart> parts, StorageBatch& writes
) {
    invariant(
        parts.size() <= contents_per_event_max,
        "what destroys an event's contents finds all of them"
    );
    std::vector<Commitment> commitments;
    commitments.reserve(parts.size());
    for (const ContentPart& part : parts) {
        const auto ordinal = static_cast<std::uint16_t>(commitments.size());
        const Salt salt = next_salt();
        put_content(position, ordinal, salt, part.bytes, writes);
        commitments.push_back(
            {part.field, commitment_to(position, part.field, ordinal, salt, part.bytes)}
        );
    }
    return commitments;
}

void BatchEncoder::put_content(
    Position position,
    std::uint16_t ordinal,
    const Salt& salt,
    std::string_view bytes,
    StorageBatch& writes
) {
    value_.assign(as_text(salt));
    value_ += bytes;
    writes.put(EventLog::contents, content_key(position, ordinal), value_);
}

// Random bytes are asked for in bulk: each request of the source is a system call.
Salt BatchEncoder::next_salt() {
    static_assert(sizeof(salts_) % sizeof(Salt) == 0);
    if (salts_used_ == salts_.size()) {
        random_(salts_);
        salts_used_ = 0;
    }
    Salt salt;
    std::copy_n(
        salts_.begin() + static_cast<std::ptrdiff_t>(salts_used_), salt.size(), salt.begin()
    );
    salts_used_ += salt.size();
    return salt;
}

}  // namespace verbatim
