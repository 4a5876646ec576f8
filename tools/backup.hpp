#pragma once

#include "tools/subcommand.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

namespace verbatim {

// verbatim backup --data DIR --to DIR [--keys-to DIR] [--keep N] [--json]
struct BackupOptions {
    std::filesystem::path data;
    std::filesystem::path to;
    std::filesystem::path keys_to;  // empty: the keys are not copied
    std::size_t keep = 0;           // so many backups; 0: all
    bool json = false;
    // For tests: told of each step before it; false gives up there, as a kill would.
    std::function<bool(std::string_view step)> before_step{};
};
[[nodiscard]] Subcommand add_backup(CLI::App& app, DataDirectory data);

// Adds a backup of the log, its signed tree heads and the blobs to `to`: of a server that runs on
// `data`, which makes the log's copy itself, or of data at rest. It counts once all of it was read
// again and found to be what was signed. Returns the exit code: 0 when it counts; 1 when it does
// not, and the backups before it are as they were, or when a blob is damaged.
[[nodiscard]] int backup(const BackupOptions& options);

}  // namespace verbatim
