#pragma once

#include "tools/subcommand.hpp"

#include <filesystem>
#include <string>

namespace verbatim {

// verbatim export --format jsonl --data DIR [--out FILE] [--blobs DIR]
struct ExportOptions {
    std::filesystem::path data;
    std::string format = "jsonl";
    std::filesystem::path out{};    // empty: standard output
    std::filesystem::path blobs{};  // empty: attachments are not copied
};
[[nodiscard]] Subcommand add_export(CLI::App& app, DataDirectory data);

// Writes the whole log as JSON lines (log_jsonl.hpp), as it is at this moment, beside a running
// server too. FILE appears once it is whole. Returns the exit code.
[[nodiscard]] int export_log(const ExportOptions& options);

}  // namespace verbatim
