#pragma once

#include "eventstore/store_error.hpp"

#include <filesystem>
#include <optional>
#include <string>

// A data directory that is being filled by a restore or an import holds the file `unfinished` until
// it is whole. Nothing else opens it meanwhile; who fills it after a crash begins anew.
namespace verbatim {

// Makes `data`, or clears away what was not finished in it, and marks it. Durable.
// Errors: cannot_open (it holds something else, or cannot be made); nothing was changed.
[[nodiscard]] StoreResult<void> begin_filling(
    const std::filesystem::path& data, const std::string& what
);
// Durable.
[[nodiscard]] StoreResult<void> end_filling(const std::filesystem::path& data);

// What was begun in `data` and has not ended, for people; nullopt: nothing.
[[nodiscard]] std::optional<std::string> unfinished_in(const std::filesystem::path& data);

}  // namespace verbatim
