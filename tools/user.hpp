#pragma once

#include "tools/subcommand.hpp"

#include <vector>

namespace verbatim {

// verbatim user list [--role ROLE] [--json]
// verbatim user grant USER ROLE
// verbatim user revoke USER ROLE
// verbatim user reset-password USER [--stdin | --generate]
//
// USER is a username or a user id, ROLE is auditor or admin. Those that change something do so by
// the engine's own sequencer while no server runs on the data; their events' actor is the server.
// `list` changes nothing and may run beside a server.
// Adds them to the sub-command `user`.
[[nodiscard]] std::vector<Subcommand> add_user(CLI::App& user, DataDirectory data);

}  // namespace verbatim
