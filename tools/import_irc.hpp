#pragma once

#include "tools/subcommand.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace verbatim {

// verbatim import irc --data DIR --room ALIAS [--json] FILE…
struct ImportIrcOptions {
    std::filesystem::path data;
    std::string room;  // alias of the room that the log goes into; made where there is none
    bool json = false;
    std::vector<std::filesystem::path> files;  // YYYY-MM-DD_HH.log: the name gives the date
};

// Adds the sub-command `irc`.
[[nodiscard]] Subcommand add_import_irc(CLI::App& import, DataDirectory data);

// Runs it: every line becomes an event or a named notice, through the same sequencer as live
// commands; a file imported again adds nothing. Returns the exit code.
[[nodiscard]] int import_irc(const ImportIrcOptions& options);

}  // namespace verbatim
