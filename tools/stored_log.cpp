#include "tools/stored_log.hpp"

#include "domain/invariant.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_storage.hpp"

#include <utility>

namespace verbatim {

StoreResult<std::unique_ptr<EventLog>> open_log_to_read(const std::filesystem::path& data) {
    const std::filesystem::path directory = data / "log";
    auto storage =
        open_rocks_storage_to_read({.directory = directory, .columns = EventLog::column_names()});
    if (!storage) return failure(storage.error());
    const auto meta = (*storage)->get(EventLog::meta, meta_key);
    if (!meta) return failure(meta.error());
    if (!*meta)
        return failure(StoreError{StoreFault::cannot_open, {}, directory.string() + " holds no log"}
        );
    const auto rebuilding = (*storage)->get(EventLog::meta, rebuilding_key);
    if (!rebuilding) return failure(rebuilding.error());
    if (*rebuilding)
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            directory.string() + ": its indexes are being made again; wait for the server that " +
                "does it, or start one"});
    const auto no_salts = [](std::span<std::uint8_t> /*bytes*/) {
        invariant(false, "nothing is written to a log that was opened to read");
    };
    return EventLog::open(std::move(*storage), no_salts, Uuid(), Timestamp());
}

}  // namespace verbatim
