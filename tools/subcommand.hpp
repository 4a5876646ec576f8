#pragma once

#include <filesystem>
#include <functional>
#include <vector>

namespace CLI {
class App;
}

namespace verbatim {

// A sub-command of `verbatim` as its tool offers it.
//
// Lifetime: `parser` belongs to the command line that it was added to; what `run` needs it holds.
struct Subcommand {
    CLI::App* parser = nullptr;
    std::function<int()> run;  // where `parser` was parsed; gives the process's exit code
};

// Where --data is once the command line has been parsed. Outlives the sub-commands.
using DataDirectory = const std::filesystem::path&;

}  // namespace verbatim
