#pragma once

#include "eventstore/log_storage.hpp"

#include <filesystem>
#include <memory>

namespace verbatim {

// The store that open_rocks_event_log() puts a log on, for those who need it too: for copies
// (log_copies.hpp), and for what is changed while no log is open on it.
[[nodiscard]] StoreResult<std::unique_ptr<Storage>> open_log_storage(
    const std::filesystem::path& directory
);

}  // namespace verbatim
