#pragma once

#include "eventstore/commands/sequencer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// What the sequencer's threads hand to one another. Internal to the sequencer.
namespace verbatim {

// A command that was taken, until it is decided.
struct Job {
    Submission submission;
    CommandCallback callback;
    std::chrono::steady_clock::time_point taken_at;
    bool records_note = false;                     // our own: a noted read marker becomes an event
    std::shared_ptr<const Forgotten> forgotten{};  // no command: contents go
};

// A command that was decided, until its batch is durable and projected.
struct Answer {
    CommandCallback callback;
    CommandResult result;
};

// Commands that are decided together and written with one fsync.
struct Batch {
    std::uint64_t number = 0;  // contiguous from 1
    std::vector<Answer> answers;
    std::vector<RecordedEvent> events;  // staged into `prepared`
    std::vector<ReadNoteChange> notes;  // the same
    std::vector<std::shared_ptr<const Forgotten>> forgotten;
    CommitBatch unstaged;    // decided since
    PreparedBatch prepared;  // `writes` is null where there is nothing to write
    Digest last_leaf{};      // of `events`, once they are durable
    BatchTiming timing;

    [[nodiscard]] std::size_t next_event() const { return events.size() + unstaged.events.size(); }
};

inline CommandError command_error(CommandFault fault) {
    return {.fault = fault, .rule = {}, .current = {}, .reason = {}};
}

}  // namespace verbatim
