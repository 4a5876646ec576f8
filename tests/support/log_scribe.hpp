#pragma once

#include "eventstore/event_log.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace verbatim::testing {

// Ids that differ in their last eight bytes.
[[nodiscard]] Uuid numbered_uuid(std::uint64_t number);
template <class Id>
[[nodiscard]] Id numbered_id(std::uint64_t number) {
    return Id(numbered_uuid(number));
}

// Different bytes with each call, the same in each run.
[[nodiscard]] RandomBytes counted_bytes();

[[nodiscard]] CommandKey key_numbered(std::uint64_t number);

// Writes into a log as the sequencer does: numbers positions and versions, claims names, remembers
// keys. Fixed ids and a clock that ticks a millisecond with each event.
class LogScribe {
public:
    explicit LogScribe(EventLog& log) : log_(log), position_(log.head()), at_(log.last_at()) {}

    // One command with its events, to be committed.
    LogScribe& write(
        const StreamId& stream,
        const UserId& actor,
        std::vector<Event> events,
        const std::optional<CommandKey>& key = std::nullopt
    );
    // A keyed success without events.
    LogScribe& remember(const CommandKey& key, const IdempotencyRecord& record);
    [[nodiscard]] PreparedBatch prepare();
    [[nodiscard]] StoreResult<void> commit();

    // Every event that went into a batch, in order.
    [[nodiscard]] const std::vector<RecordedEvent>& written() const { return written_; }
    [[nodiscard]] CommitBatch& batch() { return batch_; }

private:
    EventLog& log_;
    Position position_;
    Timestamp at_;
    std::unordered_map<StreamId, Version> versions_;
    std::unordered_map<StreamId, std::string> aliases_;
    CommitBatch batch_;
    std::vector<RecordedEvent> written_;
};

// Events with all their parts filled.
[[nodiscard]] Event registered(const std::string& username);
[[nodiscard]] Event room_created(const std::optional<std::string>& alias = std::nullopt);
[[nodiscard]] Event sent(const std::string& text);
[[nodiscard]] Event edited(Version seq, const std::string& text);
[[nodiscard]] Event deleted(Version seq);
[[nodiscard]] Event destroyed(Version seq);

// Reads to the end; adds a failure to the running test when the cursor fails.
[[nodiscard]] std::vector<RecordedEvent> all_of(EventCursor& cursor);

}  // namespace verbatim::testing
