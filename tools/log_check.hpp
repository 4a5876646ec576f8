#pragma once

#include "eventstore/audit/log_audit.hpp"
#include "eventstore/log_storage.hpp"

#include <filesystem>
#include <string>

namespace verbatim {

// What a copy of a log is held to before it counts.
struct LogCheckOptions {
    std::filesystem::path notes;  // the directory of checkpoint and checkpoint.<epoch>
    std::string verifier_key;
    std::string what;  // before the progress bar: "verifying the copy"
};

// Recomputes all of the log, as `verbatim audit verify` does, with every signed tree head of this
// epoch and of those before. Progress on standard error. Errors: the log or the notes cannot be
// read; what is wrong with them is in the report's findings.
[[nodiscard]] StoreResult<LogAuditReport> check_log(
    const Storage& log, const LogCheckOptions& options
);

// The findings, as the error that refuses the log; success where there are none.
// Errors: corrupt_record.
[[nodiscard]] StoreResult<void> refuse_findings(
    const LogAuditReport& report, const std::string& what
);

}  // namespace verbatim
