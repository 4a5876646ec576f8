#pragma once

#include "domain/result.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "tools/engine.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Tools that change a data directory while no server runs on it, through the same sequencer as
// live commands.
namespace verbatim {

// Opens what is there, brings the views to the log's head and takes commands; what goes wrong on
// the way, and a declared loss, is told on standard error. The error is a sentence for people. A
// directory that a server holds, or that holds no log, is left as it is.
struct OfflineOptions {
    std::filesystem::path data;
    std::string_view otherwise{};  // what to do where a server holds it, beside stopping it
    bool with_search = false;      // the search index too, which catches up meanwhile
};
[[nodiscard]] Expected<std::unique_ptr<Engine>, std::string> open_offline(
    const OfflineOptions& options
);
// The sentence that open_offline() would end with, or nullopt: the log may be opened.
[[nodiscard]] std::optional<std::string> fault_in_data_directory(const std::filesystem::path& data);

// Blocks until the command is answered.
[[nodiscard]] CommandResult submit_and_wait(Engine& engine, Submission submission);

}  // namespace verbatim
