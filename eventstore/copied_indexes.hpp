#pragma once

#include "eventstore/event_log.hpp"
#include "eventstore/key_groups.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace verbatim {

// Internal to EventLog::replicate: what the writer of a log knows from its aggregates, and a copy
// has to find in what is copied already. Threads: one at a time.
class CopiedIndexes {
public:
    explicit CopiedIndexes(const Storage& storage) : storage_(storage) {}

    // That the events go on where their streams end. Nothing is taken over where they do not.
    // Requires: all that was accepted before is written. Errors: does_not_follow, corrupt_record,
    // io_failed.
    [[nodiscard]] StoreResult<void> accept_versions(const std::vector<RecordedEvent>& events);

    void forget_versions() { versions_.clear(); }

    // Whether put() looks up what earlier events left behind: they must be written before.
    [[nodiscard]] static bool looks_back(const RecordedEvent& event);
    // Puts claims and keys; adds to `destroyed` what the event destroys of messages. Errors:
    // corrupt_record, io_failed.
    [[nodiscard]] StoreResult<void> put(
        const RecordedEvent& event, StorageBatch& writes, Destruction& destroyed
    );

private:
    [[nodiscard]] StoreResult<Version> version_of(const StreamId& stream) const;
    [[nodiscard]] StoreResult<void> put_claims(const RecordedEvent& event, StorageBatch& writes)
        const;
    [[nodiscard]] StoreResult<std::optional<std::string>> name_held_by(const StreamId& stream
    ) const;
    [[nodiscard]] StoreResult<std::optional<RecordedEvent>> event_of_types(
        Position position, std::span<const std::string_view> types
    ) const;
    [[nodiscard]] StoreResult<void> resume_keys(const RecordedEvent& event);
    [[nodiscard]] StoreResult<void> destroy_message(
        const RoomId& room, Version seq, Destruction& destroyed
    ) const;
    [[nodiscard]] StoreResult<void> destroy_texts_at(Position position, Destruction& destroyed)
        const;

    const Storage& storage_;
    std::unordered_map<StreamId, Version> versions_;  // bounded: of streams that were met lately
    KeyGroups keys_;
    bool keys_are_resumed_ = false;
};

}  // namespace verbatim
