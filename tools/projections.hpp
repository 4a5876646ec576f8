#pragma once

#include "tools/subcommand.hpp"

#include <vector>

namespace verbatim {

// verbatim projections list [--json]
// verbatim projections rebuild NAME | all [--json]
// verbatim projections diff NAME | all [--json]
//
// On a data directory on which no server runs. `rebuild` makes the view anew beside the one that is
// there, compares the two and exchanges them; `diff` compares alone. Exit codes: 0 no difference, 1
// a difference, which is named, 2 it could not be done.
[[nodiscard]] std::vector<Subcommand> add_projections(CLI::App& app, DataDirectory data);

}  // namespace verbatim
