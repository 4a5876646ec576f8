#pragma once

#include "eventstore/event_log.hpp"

#include <filesystem>
#include <memory>

namespace verbatim {

// Opens the log of a data directory to read only, as it is at this moment: takes no lock, changes
// nothing, and may be done beside the server that writes it. Nothing may be prepared, staged,
// committed or kept in it.
// Errors: cannot_open (no log there; its indexes are just being made again), and those of
// EventLog::open.
[[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_log_to_read(
    const std::filesystem::path& data
);

}  // namespace verbatim
