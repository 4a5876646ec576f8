#include "eventstore/event_log.hpp"

namespace verbatim {

StoreResult<std::unique_ptr<EventLog>> open_memory_event_log(
    RandomBytes random, Uuid epoch, Timestamp now
) {
    return open_memory_event_log(std::move(random), LogOrigin{.epoch = epoch, .created_at = now});
}

StoreResult<std::unique_ptr<EventLog>> open_memory_event_log(
    RandomBytes random, const LogOrigin& if_new
) {
    return EventLog::open(
        make_memory_storage(EventLog::column_names().size()), std::move(random), if_new
    );
}

}  // namespace verbatim
