#pragma once

#include "tools/subcommand.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// verbatim user erase USER --data DIR
// verbatim retention run [--dry-run] [--json] [--retention-days N] --data DIR
//
// Both work on the data of a server that does not run: what a running one is to forget it forgets
// by itself. USER is a username or a user id.
struct RetentionRunOptions {
    std::filesystem::path data;
    std::optional<std::uint32_t> server_days{};  // nullopt: only rooms that say so themselves
    bool dry_run = false;                        // only says what would go
    bool json = false;
};

// Adds `erase` to `user`, the sub-command of accounts, and `retention run` to `app`. `server_days`
// is asked once the command line has been parsed.
[[nodiscard]] std::vector<Subcommand> add_forgetting(
    CLI::App& app,
    CLI::App& user,
    DataDirectory data,
    std::function<std::optional<std::uint32_t>()> server_days
);

// 0: the user is erased, and nothing of what it wrote is left in the files. 1: it is not, and why
// was said; once it was begun, the next start of a server goes on with it.
[[nodiscard]] int erase_user(const std::filesystem::path& data, const std::string& user);
// 0: done, or shown. 1: not, and why was said.
[[nodiscard]] int run_retention(const RetentionRunOptions& options);

}  // namespace verbatim
