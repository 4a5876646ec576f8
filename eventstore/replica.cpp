#include "eventstore/replica.hpp"

#include "domain/limits.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/record_reader.hpp"

#include <utility>

namespace verbatim {
namespace {

StoreResult<std::vector<FoundContent>> verify_contents(
    const RecordView& record, const std::vector<std::optional<StoredContent>>& contents
) {
    if (contents.size() != record.commitments.size()) {
        return failure_at(
            record.position,
            StoreFault::corrupt_record,
            "it commits to " + std::to_string(record.commitments.size()) +
                " contents and comes with " + std::to_string(contents.size())
        );
    }
    std::vector<FoundContent> found;
    found.reserve(contents.size());
    for (const auto& content : contents) {
        const auto ordinal = static_cast<std::uint16_t>(found.size());
        const Commitment& commitment = record.commitments[ordinal];
        found.push_back({commitment.field, std::nullopt});
        if (!content) continue;
        const bool is_it =
            content->bytes.size() <= limits::content_bytes_max &&
            commitment_to(
                record.position, commitment.field, ordinal, content->salt, content->bytes
            ) == commitment.digest;
        if (!is_it) {
            return failure_at(
                record.position,
                StoreFault::corrupt_record,
                "content " + std::to_string(ordinal) + " is not what the record commits to"
            );
        }
        found.back().bytes = content->bytes;
    }
    return found;
}

StoreResult<RecordedEvent> verify_event(
    Position position, const StoredEvent& stored, Digest& leaf
) {
    auto record = parse_record(stored.record);
    if (!record) return failure_at(position, std::move(record.error()));
    if (record->position != position) {
        return failure_at(
            position,
            StoreFault::does_not_follow,
            "the record of position " + std::to_string(record->position.value()) + " came instead"
        );
    }
    auto contents = verify_contents(*record, stored.contents);
    if (!contents) return failure(std::move(contents.error()));
    auto decoded = decode(record->type, record->schema, record->facts, *contents);
    if (!decoded) return failure_at(position, std::move(decoded.error()));
    leaf = leaf_hash_of(record->leaf);
    return RecordReader::enveloped(*record, std::move(*decoded));
}

}  // namespace

StoreResult<VerifiedPart> verify(ReplicaPart part) {
    VerifiedPart verified{
        .after = part.after,
        .root_before = part.root_before,
        .stored = std::move(part.events),
        .events = {},
        .leaves = {}};
    verified.events.reserve(verified.stored.size());
    verified.leaves.resize(verified.stored.size());
    Position position = verified.after;
    for (const StoredEvent& stored : verified.stored) {
        position = position.next();
        Digest& leaf = verified.leaves[verified.events.size()];
        auto event = verify_event(position, stored, leaf);
        if (!event) return failure(std::move(event.error()));
        if (!verified.events.empty() && event->at < verified.events.back().at) {
            return failure_at(position, StoreFault::corrupt_record, "log time goes back here");
        }
        verified.events.push_back(std::move(*event));
    }
    return verified;
}

}  // namespace verbatim
