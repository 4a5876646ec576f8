#include "eventstore/rocks_event_log.hpp"

#include "eventstore/event_log.hpp"
#include "eventstore/rocks_storage.hpp"

namespace verbatim {

StoreResult<std::unique_ptr<Storage>> open_log_storage(const std::filesystem::path& directory) {
    return open_rocks_storage({
        .directory = directory,
        .columns = EventLog::column_names(),
        .point_lookup_columns = {EventLog::streams, EventLog::claims, EventLog::idempotency},
        .ascending_keys =
            {{EventLog::records, 1},
             {EventLog::contents, 1},
             {EventLog::streams, 1 + 16},
             {EventLog::merkle, 1}},
    });
}

StoreResult<std::unique_ptr<EventLog>> open_rocks_event_log(
    const std::string& directory, RandomBytes random, Uuid epoch, Timestamp now
) {
    return open_rocks_event_log(
        directory, std::move(random), LogOrigin{.epoch = epoch, .created_at = now}
    );
}

StoreResult<std::unique_ptr<EventLog>> open_rocks_event_log(
    const std::string& directory, RandomBytes random, const LogOrigin& if_new
) {
    auto storage = open_log_storage(directory);
    if (!storage) return failure(storage.error());
    return EventLog::open(std::move(*storage), std::move(random), if_new);
}

}  // namespace verbatim
