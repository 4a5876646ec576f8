#pragma once

#include "tools/subcommand.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace verbatim {

// verbatim restore --from DIR --data DIR [--backup N] [--keys-from DIR] [--to-position P]
//                  [--erasures-from DATA|FILE] [--json]
struct RestoreOptions {
    std::filesystem::path from;
    std::filesystem::path data;             // empty or not there
    std::optional<std::uint32_t> backup{};  // nullopt: the newest
    std::filesystem::path keys_from;        // empty: keys are made anew
    bool json = false;
    std::optional<std::uint64_t> to_position{};  // the last one; nullopt: all
    // A newer data directory or an export of it: what was erased since is erased again.
    std::filesystem::path erasures_from{};
};
[[nodiscard]] Subcommand add_restore(CLI::App& app, DataDirectory data);

// Fills `data` from a backup, reads all of it again and compares it with what was signed, and
// begins a new epoch, so that nobody takes positions that are written from now on for those that
// were there once. Returns the exit code; after 1 `data` serves nobody, and the same command begins
// anew.
[[nodiscard]] int restore(const RestoreOptions& options);

}  // namespace verbatim
