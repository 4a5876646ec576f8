#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/event_record.hpp"
#include "eventstore/read_note.hpp"

#include <memory>
#include <vector>

namespace verbatim {

// Events that are durable, in position order, as one group commit made them. Immutable and shared:
// whoever needs them longer keeps the pointer.
struct CommittedBatch {
    std::vector<RecordedEvent> events;
    Digest last_leaf{};  // leaf hash of events.back()
};

// What follows the log. Called on the writer thread, batch after batch, without gap or repetition;
// batches without events are not announced.
class CommitListener {
public:
    virtual ~CommitListener() = default;
    // Before the batch's commands are answered: make it readable.
    virtual void project(const std::shared_ptr<const CommittedBatch>& batch) = 0;
    // After project() and before the batch's commands are answered, also for a batch without
    // events: make the noted read markers readable, and forget those that are recorded.
    virtual void note(const std::vector<ReadNoteChange>& changes) = 0;
    // After project() and note(), before they are answered: contents that the views may show are
    // gone from the log. Of a batch without events, too.
    virtual void forget(const Forgotten& forgotten) = 0;
    // After they were answered: tell whoever waits for news. Must not block.
    virtual void announce(const std::shared_ptr<const CommittedBatch>& batch) = 0;
};

}  // namespace verbatim
