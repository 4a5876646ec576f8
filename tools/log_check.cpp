#include "tools/log_check.hpp"

#include "tools/former_notes.hpp"
#include "tools/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

namespace verbatim {

namespace {

constexpr std::chrono::milliseconds progress_interval(100);
constexpr std::size_t findings_told_max = 5;

}  // namespace

StoreResult<LogAuditReport> check_log(const Storage& log, const LogCheckOptions& options) {
    LogAuditOptions audit;
    audit.verifier_key = options.verifier_key;
    audit.threads = std::max(1u, std::thread::hardware_concurrency());
    std::error_code fault;
    if (std::filesystem::exists(options.notes / "checkpoint", fault)) {
        auto notes = read_notes(options.notes / "checkpoint");
        if (!notes) return failure(notes.error());
        audit.notes = std::move(*notes);
    }
    auto former = read_former_notes(options.notes, log, options.verifier_key);
    if (!former) return failure(former.error());
    audit.former = std::move(former->heads);
    audit.must_be_signed = former->given_up == 0;  // else all speak of more than was kept
    std::unique_ptr<ProgressBar> bar;
    std::chrono::steady_clock::time_point shown;
    audit.progress = [&](Position done, Position last) {
        const auto now = std::chrono::steady_clock::now();
        if (now - shown < progress_interval && done < last) return;
        shown = now;
        if (!bar) bar = std::make_unique<ProgressBar>(options.what, last.value());
        bar->show(done.value(), "events");
    };
    auto report = audit_log(log, audit);
    if (report)
        for (AuditFinding& finding : former->findings) report->findings.add(std::move(finding));
    return report;
}

StoreResult<void> refuse_findings(const LogAuditReport& report, const std::string& what) {
    if (report.findings.count() == 0) return {};
    std::string detail = what + " is not what was signed, or not whole:";
    std::size_t told = 0;
    for (const AuditFinding& finding : report.findings.kept()) {
        if (told++ == findings_told_max) break;
        detail += "\n  position " + std::to_string(finding.first.value()) + ": " +
                  std::string(name_of(finding.fault)) + ": " + finding.detail;
    }
    if (report.findings.count() > findings_told_max)
        detail +=
            "\n  and " + std::to_string(report.findings.count() - findings_told_max) + " more";
    return failure(StoreError{
        StoreFault::corrupt_record, report.findings.first_bad().value_or(Position()), detail});
}

}  // namespace verbatim
