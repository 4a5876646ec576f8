#pragma once

#include "tools/subcommand.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// verbatim projections list [--json]
// verbatim projections rebuild NAME | all [--json]
// verbatim projections diff NAME | all [--json]
//
// On a data directory on which no server runs; with --url and --token, on the server that runs.
// `rebuild` makes the view anew beside the one that is
// there, compares the two and exchanges them; `diff` compares alone. Exit codes: 0 no difference, 1
// a difference, which is named, 2 it could not be done.
[[nodiscard]] std::vector<Subcommand> add_projections(CLI::App& app, DataDirectory data);

inline constexpr int projections_same = 0;
inline constexpr int projections_differ = 1;
inline constexpr int projections_not_done = 2;
inline constexpr const char* all_projections = "all";

// The table that `list` prints, wherever it is from.
struct ProjectionLine {
    std::string name;
    std::string state;
    std::uint64_t schema = 0;
    std::uint64_t position = 0;
    std::uint64_t lag = 0;
    std::optional<std::string> rebuilt_at;
};
void print_projections_header();
void print_projection_line(const ProjectionLine& line);

}  // namespace verbatim
