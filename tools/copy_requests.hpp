#pragma once

#include "eventstore/log_copies.hpp"
#include "tools/control_socket.hpp"

#include <filesystem>
#include <functional>

// A server has its log locked, so it makes the copy itself: both ends of asking it to.
namespace verbatim {

using CopyLog =
    std::function<StoreResult<CopyNumber>(const std::filesystem::path& to, const CopyProgress&)>;

// The server's end. What it cannot do it says, and goes on.
[[nodiscard]] ControlHandler answer_copy_requests(CopyLog copy);

// Asks the server that has `data`. Errors: cannot_open (none listens), io_failed (its own words).
[[nodiscard]] StoreResult<CopyNumber> ask_for_copy(
    const std::filesystem::path& data, const std::filesystem::path& to, const CopyProgress& progress
);

}  // namespace verbatim
