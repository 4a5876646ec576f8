#pragma once

#include "eventstore/event_log.hpp"

namespace verbatim {

// Internal to the log: makes the column `idempotency` again from events, in their order. The events
// of one command stand together and carry the same key.
class KeyGroups {
public:
    // Puts what is remembered by the event's key, if it has one. Puts it again with each further
    // event of the command, so that the last one tells.
    void add(const RecordedEvent& event, StorageBatch& writes);
    // Goes on with a command whose earlier events were added elsewhere: `known` is what its key is
    // remembered by. Nothing where `event`, which is added next, does not follow it.
    void resume(const RecordedEvent& event, const IdempotencyRecord& known);

private:
    [[nodiscard]] bool continues_with(const RecordedEvent& event) const;

    KeyHash key_{};
    CommandId command_;
    IdempotencyRecord group_;  // of the command being added; count 0 when there is none
};

}  // namespace verbatim
