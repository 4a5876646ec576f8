#pragma once

#include "tools/subcommand.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace verbatim {

// verbatim audit verify --data DIR [--since CHECKPOINT] [--key KEY] [--json]
// verbatim audit check-proof FILE --key KEY [--json]
struct AuditOptions {
    std::filesystem::path data;
    std::string since;  // a file with a signed tree head, or the size of a stored one; empty: all
    std::string key;    // the log's verifier key; verify takes the one in data/keys when empty
    bool json = false;
    std::filesystem::path proof;
};
// Adds the sub-commands `audit verify` and `audit check-proof`.
[[nodiscard]] std::vector<Subcommand> add_audit(CLI::App& app, DataDirectory data);

// Exit codes of both: all right, something is wrong, could not be judged (usage, files, locks).
inline constexpr int audit_all_right = 0;
inline constexpr int audit_found_wrong = 1;
inline constexpr int audit_not_judged = 2;

// Reads the whole log, beside a running server too, and recomputes everything (log_audit.hpp). What
// it found goes to standard output, progress to standard error. Changes nothing.
[[nodiscard]] int audit_verify(const AuditOptions& options);
// Checks a message's proof bundle by the key alone, without any server or log.
[[nodiscard]] int audit_check_proof(const AuditOptions& options);

}  // namespace verbatim
