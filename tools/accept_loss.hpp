#pragma once

#include "tools/subcommand.hpp"

#include <filesystem>

namespace verbatim {

// verbatim log accept-loss --data DIR [--json]
struct AcceptLossOptions {
    std::filesystem::path data;
    bool json = false;
};
// Adds the sub-command `accept-loss` to `log`.
[[nodiscard]] Subcommand add_accept_loss(CLI::App& log, DataDirectory data);

// Goes on with a log that a node has declared to have lost its end, or its signed tree heads:
// begins a new epoch whose first event says what is gone, and puts the old tree heads aside.
// Returns the exit code; 1 as well where no loss is declared, or a server runs. After a crash: do
// it again.
[[nodiscard]] int accept_loss(const AcceptLossOptions& options);

}  // namespace verbatim
