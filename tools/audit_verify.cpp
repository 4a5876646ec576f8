#include "eventstore/audit/log_audit.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_storage.hpp"
#include "projections/json_text.hpp"
#include "projections/views.hpp"
#include "protocol/base64.hpp"
#include "protocol/key_file.hpp"
#include "tools/audit.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"
#include "tools/progress.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

namespace verbatim {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t note_bytes_max = 64 * 1024;
constexpr std::chrono::milliseconds progress_interval(100);

void say(const std::string& what) {
    std::fprintf(stderr, "verbatim audit: %s\n", what.c_str());
}

StoreError cannot(std::string what) {
    return {StoreFault::cannot_open, {}, std::move(what)};
}

// What lies beside the log is read before it, so that a server that writes meanwhile can only have
// added to the log.
struct Evidence {
    std::vector<std::string> notes;
    std::vector<FoldedView> views;
    std::unique_ptr<Storage> log;
    Uuid epoch;
    std::string verifier_key;
    FormerNotes former;
};

std::vector<FoldedView> read_views(const fs::path& directory) {
    std::error_code fault;
    if (!fs::exists(directory / "CURRENT", fault)) return {};
    auto storage =
        open_rocks_storage_to_read({.directory = directory, .columns = Views::column_names()});
    auto views = storage ? folded_views(std::move(*storage)) : failure(storage.error());
    if (views) return std::move(*views);
    say("the views say nothing, they will be made anew: " + describe(views.error()));
    return {};
}

StoreResult<std::string> key_of(const AuditOptions& options, const Uuid& epoch) {
    if (!options.key.empty()) return options.key;
    const fs::path file = options.data / "keys" / "log.key";
    std::error_code fault;
    if (!fs::exists(file, fault))
        return failure(cannot(
            "there is no " + file.string() +
            ": give the log's verifier key (GET /api/v1/audit/key) with --key"
        ));
    const auto seed = read_or_make_seed(file);
    if (!seed) return failure(seed.error());
    return NoteSigner(log_key_name(epoch), *seed).verifier_key();
}

StoreResult<Evidence> gather(const AuditOptions& options) {
    Evidence evidence;
    const fs::path notes = options.data / "checkpoint";
    std::error_code fault;
    if (fs::exists(notes, fault)) {
        auto read = read_notes(notes);
        if (!read) return failure(read.error());
        evidence.notes = std::move(*read);
    }
    evidence.views = read_views(options.data / "views");
    if (is_rocks_storage_in_use(options.data / "log"))
        say("a server has this log open: it is verified as it is at this moment");
    auto log = open_rocks_storage_to_read(
        {.directory = options.data / "log", .columns = EventLog::column_names()}
    );
    if (!log) return failure(log.error());
    evidence.log = std::move(*log);
    const auto stored = evidence.log->get(EventLog::meta, meta_key);
    if (!stored) return failure(stored.error());
    const auto meta = *stored ? parse_meta_value(**stored) : std::nullopt;
    if (!meta) return failure(cannot((options.data / "log").string() + " holds no log"));
    evidence.epoch = meta->epoch;
    auto key = key_of(options, evidence.epoch);
    if (!key) return failure(key.error());
    evidence.verifier_key = std::move(*key);
    auto former = read_former_notes(options.data, *evidence.log, evidence.verifier_key);
    if (!former) return failure(former.error());
    evidence.former = std::move(*former);
    return evidence;
}

// Where the audit may begin, and what it is told of the rest.
struct Since {
    std::optional<TreeHead> head;
    std::optional<AuditFinding> loss;  // the checkpoint speaks of records that were given up
};

std::string_view what_happened(EpochCause cause) {
    return cause == EpochCause::restored ? "an older backup was restored or imported"
                                         : "a loss was accepted";
}

// Somebody was told of records that the log has no more, and it says so itself. All that it has is
// verified then; that those are gone is for whoever kept the checkpoint to judge.
StoreResult<Since> since_former(TreeHead head, const Evidence& evidence) {
    const auto epoch = former_epoch_of(*evidence.log, head);
    if (!epoch) return failure(epoch.error());
    if (head.size <= epoch->kept_to.value()) return Since{std::move(head), std::nullopt};
    const std::string of_it =
        "the checkpoint is of another epoch (" + head.origin + ") than this log";
    if (!epoch->let_go)
        return failure(StoreError{
            StoreFault::corrupt_record,
            Position(1),
            of_it + ", which knows of no other: no log.epoch_begun says what became of it"});
    const std::string say_from = std::to_string(epoch->kept_to.next().value());
    return Since{
        std::nullopt,
        AuditFinding{
            AuditFault::declared_loss,
            epoch->kept_to.next(),
            Position(head.size),
            of_it + "; log.epoch_begun at position " + std::to_string(epoch->let_go->value()) +
                " (" + rfc3339(epoch->at) + ") declares that the records from " + say_from +
                " on were given up: " + std::string(what_happened(epoch->cause)) +
                ". Up to there the log is verified; what stands after it was written anew"}};
}

StoreResult<Since> head_in_file(const fs::path& file, const Evidence& evidence) {
    std::ifstream in(file, std::ios::binary);
    std::string note(note_bytes_max, '\0');
    in.read(note.data(), static_cast<std::streamsize>(note.size()));
    note.resize(static_cast<std::size_t>(in.gcount()));
    auto head = verify_note_of_any_epoch(note, evidence.verifier_key);
    if (!head)
        return failure(cannot(file.string() + " is no checkpoint that the log's key has signed"));
    if (head->origin == log_key_name(evidence.epoch)) return Since{std::move(*head), std::nullopt};
    return since_former(std::move(*head), evidence);
}

StoreResult<Since> trusted_head(const AuditOptions& options, const Evidence& evidence) {
    if (options.since.empty()) return Since();
    std::error_code fault;
    if (fs::is_regular_file(options.since, fault)) return head_in_file(options.since, evidence);
    std::uint64_t size = 0;
    const char* const end = options.since.data() + options.since.size();
    const auto parsed = std::from_chars(options.since.data(), end, size);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        return failure(cannot(options.since + " is neither a file nor the size of a checkpoint"));
    for (const std::string& note : evidence.notes) {
        auto head = verify_checkpoint(note, evidence.verifier_key);
        if (head && head->size == size) return Since{std::move(*head), std::nullopt};
    }
    return failure(cannot("no stored checkpoint is of size " + options.since));
}

std::vector<LeafWitness> witnesses_of(const Evidence& evidence) {
    std::vector<LeafWitness> witnesses;
    for (const FoldedView& view : evidence.views)
        if (view.epoch == evidence.epoch && view.position > Position())
            witnesses.push_back({view.name, view.position, view.leaf});
    return witnesses;
}

std::string root_text(const LogAuditReport& report) {
    return report.root ? base64_text(as_text(*report.root)) : std::string();
}

void print_json(const LogAuditReport& report, const Evidence& evidence, double seconds) {
    nlohmann::ordered_json findings = nlohmann::json::array();
    for (const AuditFinding& finding : report.findings.kept())
        findings.push_back(
            {{"fault", name_of(finding.fault)},
             {"first", finding.first.value()},
             {"last", finding.last.value()},
             {"detail", finding.detail}}
        );
    nlohmann::ordered_json out = {
        {"ok", report.findings.count() == 0},
        {"verifier_key", evidence.verifier_key},
        {"after", report.after.value()},
        {"head", report.head.value()},
        {"events", report.events},
        {"root", nullptr},
        {"checkpoints", report.notes},
        {"checkpoints_given_up", evidence.former.given_up},
        {"signed_up_to", report.signed_up_to.value()},
        {"seconds", seconds},
        {"events_per_second", static_cast<double>(report.events) / seconds},
        {"first_bad_position", nullptr},
        {"findings_count", report.findings.count()},
        {"findings", findings}};
    if (report.root) out["root"] = root_text(report);
    if (const auto first = report.findings.first_bad()) out["first_bad_position"] = first->value();
    std::printf("%s\n", out.dump().c_str());
}

void print_text(const LogAuditReport& report, const Evidence& evidence, double seconds) {
    std::printf(
        "%llu events (positions %llu to %llu) in %.1f s, %.0f events/s\n",
        static_cast<unsigned long long>(report.events),
        static_cast<unsigned long long>(report.after.next().value()),
        static_cast<unsigned long long>(report.head.value()),
        seconds,
        static_cast<double>(report.events) / seconds
    );
    std::printf("key   %s\n", evidence.verifier_key.c_str());
    if (report.root) std::printf("root  %s\n", root_text(report).c_str());
    std::printf(
        "%llu signed checkpoints; these records are what was signed up to position %llu\n",
        static_cast<unsigned long long>(report.notes),
        static_cast<unsigned long long>(report.signed_up_to.value())
    );
    if (evidence.former.given_up > 0)
        std::printf(
            "%llu checkpoints of former epochs speak of records that log.epoch_begun gives up\n",
            static_cast<unsigned long long>(evidence.former.given_up)
        );
    if (report.signed_up_to < report.head)
        std::printf(
            "no checkpoint covers positions %llu to %llu\n",
            static_cast<unsigned long long>(report.signed_up_to.next().value()),
            static_cast<unsigned long long>(report.head.value())
        );
    for (const AuditFinding& finding : report.findings.kept()) {
        const std::string last =
            finding.is_exact() ? std::string() : " to " + std::to_string(finding.last.value());
        std::printf(
            "position %llu%s: %s: %s\n",
            static_cast<unsigned long long>(finding.first.value()),
            last.c_str(),
            std::string(name_of(finding.fault)).c_str(),
            finding.detail.c_str()
        );
    }
    const auto first = report.findings.first_bad();
    if (!first) return static_cast<void>(std::printf("all right\n"));
    std::printf(
        "WRONG: %llu findings, the first at position %llu\n",
        static_cast<unsigned long long>(report.findings.count()),
        static_cast<unsigned long long>(first->value())
    );
}

class Progress {
public:
    void operator()(Position done, Position last) {
        const auto now = Clock::now();
        if (now - shown_ < progress_interval && done < last) return;
        shown_ = now;
        if (!bar_) bar_ = std::make_unique<ProgressBar>("verifying", last.value());
        const double seconds = std::chrono::duration<double>(now - begun_).count();
        const double rate = seconds > 0 ? static_cast<double>(done.value()) / seconds : 0;
        char note[40];
        std::snprintf(note, sizeof note, "%.0f events/s", rate);
        bar_->show(done.value(), note);
    }

private:
    const Clock::time_point begun_ = Clock::now();
    Clock::time_point shown_;
    std::unique_ptr<ProgressBar> bar_;
};

int give_up(const StoreError& error) {
    say(describe(error));
    return error.fault == StoreFault::corrupt_record ? audit_found_wrong : audit_not_judged;
}

}  // namespace

int audit_verify(const AuditOptions& options) {
    const auto begun = Clock::now();
    const auto evidence = gather(options);
    if (!evidence) return give_up(evidence.error());
    auto since = trusted_head(options, *evidence);
    if (!since) return give_up(since.error());
    LogAuditOptions audit;
    audit.verifier_key = evidence->verifier_key;
    audit.notes = evidence->notes;
    audit.former = evidence->former.heads;
    audit.witnesses = witnesses_of(*evidence);
    audit.since = since->head;
    audit.threads = std::max(1u, std::thread::hardware_concurrency());
    StoreResult<LogAuditReport> report;
    {
        Progress progress;
        audit.progress = std::ref(progress);
        report = audit_log(*evidence->log, audit);
    }
    if (!report) return give_up(report.error());
    for (const AuditFinding& finding : evidence->former.findings) report->findings.add(finding);
    if (since->loss) report->findings.add(*since->loss);
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    if (options.json)
        print_json(*report, *evidence, seconds);
    else
        print_text(*report, *evidence, seconds);
    return report->findings.count() == 0 ? audit_all_right : audit_found_wrong;
}

}  // namespace verbatim
