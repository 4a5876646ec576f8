#pragma once

#include "eventstore/store_error.hpp"

#include <array>
#include <cstdint>
#include <filesystem>

namespace verbatim {

using Seed = std::array<std::uint8_t, 32>;

// The seed kept in `path`: 32 bytes, in a file that only its owner may read. Where there is none it
// is made from the system's randomness and is on the disk when this returns; the directory too.
// Errors: cannot_open (unreadable, wrong size, or readable by others).
[[nodiscard]] StoreResult<Seed> read_or_make_seed(const std::filesystem::path& path);

}  // namespace verbatim
