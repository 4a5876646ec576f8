#pragma once

#include "eventstore/event_log.hpp"

#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace verbatim {

// The end of the log at one moment.
struct LogEnd {
    Position position;
    Timestamp at;
    Digest leaf{};
    MerkleFrontier tree;
};

// Whether it says that all a user wrote is gone where it was recorded.
[[nodiscard]] bool ends_erasure(const Event& event);

// Internal to EventLog::stage: turns events into writes. Pure but for salts, and never reads.
// Threads: one at a time. Each batch continues the one before.
class BatchEncoder {
public:
    BatchEncoder(LogEnd end, RandomBytes random);

    [[nodiscard]] PreparedBatch begin(std::unique_ptr<StorageBatch> writes) const;
    // Requires: `into` is the batch that was begun last.
    void stage(PreparedBatch& into, const CommitBatch& part);
    // Adds a record as it was stored elsewhere; `event` is what it says, `leaf` its hash. An
    // erasure that it ends is not over here. Requires: as above, and that the event continues the
    // batch.
    void stage_copy(
        PreparedBatch& into,
        const RecordedEvent& event,
        const StoredEvent& stored,
        const Digest& leaf
    );
    // Forgets what was staged after `end`.
    void rewind(LogEnd end);

private:
    void check(const RecordedEvent& event);
    void put_record(
        const RecordedEvent& event,
        std::string_view record,
        const Digest& leaf,
        StorageBatch& writes
    );
    void put_content(
        Position position,
        std::uint16_t ordinal,
        const Salt& salt,
        std::string_view bytes,
        StorageBatch& writes
    );
    void show_end(PreparedBatch& batch) const;
    void put_event(const RecordedEvent& event, StorageBatch& writes);
    [[nodiscard]] std::vector<Commitment> put_contents(
        Position position, std::span<const ContentPart> parts, StorageBatch& writes
    );
    [[nodiscard]] Salt next_salt();

    // Which version a stream was last seen at: as many streams as there are slots, a later one
    // taking the slot of an earlier. Enough to notice a writer that counts wrongly.
    struct Seen {
        StreamId stream;
        Version version;
    };

    LogEnd end_;
    RandomBytes random_;
    std::array<std::uint8_t, 4096> salts_{};
    std::size_t salts_used_ = sizeof salts_;
    std::vector<Seen> seen_;
    std::string value_;  // kept for its memory
};

}  // namespace verbatim
