#include "eventstore/key_groups.hpp"

#include "eventstore/log_keys.hpp"

namespace verbatim {

bool KeyGroups::continues_with(const RecordedEvent& event) const {
    return event.key && group_.count > 0 && key_ == event.key->key && command_ == event.command;
}

void KeyGroups::add(const RecordedEvent& event, StorageBatch& writes) {
    const bool continues = continues_with(event);
    if (!continues) group_ = {};
    if (!event.key) return;
    if (!continues) {
        key_ = event.key->key;
        command_ = event.command;
        group_.fingerprint = event.key->fingerprint;
        group_.status = event.key->status;
        group_.first = event.position;
        group_.stream = event.stream;
    }
    ++group_.count;
    group_.position = event.position;
    group_.at = event.at;
    if (event.stream == group_.stream) group_.version = event.version;
    writes.put(EventLog::idempotency, as_text(key_), idempotency_value(group_));
}

void KeyGroups::resume(const RecordedEvent& event, const IdempotencyRecord& known) {
    if (!event.key || known.fingerprint != event.key->fingerprint) return;
    if (known.count == 0 || known.position.next() != event.position) return;
    key_ = event.key->key;
    command_ = event.command;
    group_ = known;
}

}  // namespace verbatim
