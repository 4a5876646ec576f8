#pragma once

#include "tools/subcommand.hpp"

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace verbatim {

// verbatim import --format jsonl --data DIR [--keys-from DIR [--same-epoch]] [--blobs DIR]
//                 [--key KEY] FILE
struct ImportJsonlOptions {
    std::filesystem::path data;  // empty or not there
    std::string format = "jsonl";
    std::filesystem::path file;         // "-": standard input
    std::filesystem::path keys_from{};  // of the exported log; empty: keys are made anew
    std::filesystem::path blobs{};      // where export --blobs put them
    std::string key{};                  // the log's verifier key; empty: what the file says
    bool same_epoch = false;            // the exported log will never be written again
    bool json = false;
};
// Makes `import` itself a sub-command, beside those that it has.
[[nodiscard]] Subcommand add_import_jsonl(CLI::App& import, DataDirectory data);

// Fills `data` with an exported log: the same records, texts, positions, times and tree. Each line
// is judged, and the whole by its signed tree heads, before anything can be served from it: all or
// nothing. Without --same-epoch a new epoch begins. Secrets are not in exports: who had a password
// needs a new one. Returns the exit code; what was refused is named by its line.
[[nodiscard]] int import_jsonl(const ImportJsonlOptions& options);

}  // namespace verbatim
