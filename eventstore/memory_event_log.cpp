#include "eventstore/event_log.hpp"

namespace verbatim {

StoreResult<std::unique_ptr<EventLog>> open_memory_event_log(
    RandomBytes random, Uuid epoch, Timestamp now
) {
    return EventLog::open(
        make_memory_storage(EventLog::column_names().size()), std::move(random), epoch, now
    );
}

}  // namespace verbatim
