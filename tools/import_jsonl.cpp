#include "tools/import_jsonl.hpp"

#include "domain/type_id.hpp"
#include "eventstore/durable_file.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/replica.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/base64.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"
#include "tools/blob_copies.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"
#include "tools/key_copies.hpp"
#include "tools/log_check.hpp"
#include "tools/log_jsonl.hpp"
#include "tools/progress.hpp"
#include "tools/unfinished.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t events_per_part = 1'024;
constexpr std::size_t bytes_per_part = 4u << 20;

StoreError wrong(std::string why) {
    return {StoreFault::corrupt_record, {}, std::move(why)};
}

// Lines of a bounded length, counted from 1.
class Lines {
public:
    explicit Lines(std::istream& in) : in_(in), buffer_(export_line_bytes_max + 1) {}

    // nullopt: there are no more.
    StoreResult<std::optional<std::string_view>> next() {
        in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        const auto got = static_cast<std::size_t>(in_.gcount());
        if (in_.eof() && got == 0) return std::optional<std::string_view>();
        ++number_;
        if (in_.fail() && !in_.eof()) return failure(refused("is too long, or cannot be read"));
        // The line break is counted where there is one.
        return std::string_view(buffer_.data(), in_.eof() ? got : got - 1);
    }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] StoreError refused(const std::string& why) const {
        return wrong("line " + std::to_string(number_) + " " + why);
    }

private:
    std::istream& in_;
    std::vector<char> buffer_;
    std::uint64_t number_ = 0;
};

// What the operator is told.
struct Imported {
    ExportHeader header;
    Position head;
    Uuid epoch;
    std::string verifier_key;
};

class Importing {
public:
    Importing(const ImportJsonlOptions& options, std::istream& in)
        : options_(options), lines_(in) {}

    StoreResult<Imported> run();

private:
    StoreResult<void> take_header();
    StoreResult<void> open_new_log();
    StoreResult<void> take_records();
    StoreResult<void> take(ExportedEvent event);
    StoreResult<void> append_part();
    [[nodiscard]] StoreResult<void> keep_notes() const;
    [[nodiscard]] StoreResult<void> put_the_keys() const;
    [[nodiscard]] StoreResult<void> put_the_blobs() const;
    [[nodiscard]] StoreResult<void> check_the_log() const;
    StoreResult<void> begin_the_epoch();
    StoreResult<void> sign_the_head();
    [[nodiscard]] fs::path log_directory() const { return options_.data / "log"; }
    [[nodiscard]] std::uint64_t line_of(Position position) const {
        return first_event_line_ + position.value() - 1;
    }

    const ImportJsonlOptions& options_;
    Lines lines_;
    Imported imported_;
    std::string verifier_key_;
    std::vector<std::string> notes_;
    std::unique_ptr<EventLog> log_;
    ReplicaPart part_;
    std::size_t part_bytes_ = 0;
    std::uint64_t first_event_line_ = 0;
};

StoreResult<Imported> Importing::run() {
    if (auto header = take_header(); !header) return failure(header.error());
    if (auto begun = begin_filling(options_.data, "an import"); !begun)
        return failure(begun.error());
    auto done = take_records();
    if (done) done = keep_notes();
    if (done) done = put_the_keys();
    if (done) done = put_the_blobs();
    if (done) done = check_the_log();
    if (done && !options_.same_epoch) done = begin_the_epoch();
    if (done) done = sign_the_head();
    if (done) done = end_filling(options_.data);
    if (!done) return failure(done.error());
    return std::move(imported_);
}

StoreResult<void> Importing::take_header() {
    const auto line = lines_.next();
    if (!line) return failure(line.error());
    if (!*line) return failure(wrong("the file is empty"));
    auto parsed = parse_export_line(**line);
    if (!parsed) return failure(lines_.refused(parsed.error()));
    if (!std::holds_alternative<ExportHeader>(*parsed))
        return failure(lines_.refused("does not say what this is: the beginning is missing"));
    imported_.header = std::get<ExportHeader>(std::move(*parsed));
    verifier_key_ = options_.key.empty() ? imported_.header.verifier_key : options_.key;
    const std::string& said = imported_.header.verifier_key;
    const std::string name = log_key_name(imported_.header.epoch);
    if (!said.empty() && renamed_key(verifier_key_, name) != renamed_key(said, name))
        return failure(lines_.refused("names another key than --key"));
    return {};
}

// It says that it has no secrets before it has anything.
StoreResult<void> Importing::open_new_log() {
    auto storage = open_log_storage(log_directory());
    if (!storage) return failure(storage.error());
    const LogOrigin origin{
        .epoch = imported_.header.epoch,
        .created_at = imported_.header.created_at,
        .min_reader = imported_.header.min_reader};
    auto batch = (*storage)->new_batch();
    batch->put(EventLog::meta, without_secrets_key, {});
    if (auto written = (*storage)->write(std::move(batch), Durability::synced); !written)
        return written;
    auto log = EventLog::open(std::move(*storage), random_bytes, origin);
    if (!log) return failure(log.error());
    log_ = std::move(*log);
    return {};
}

StoreResult<void> Importing::take_records() {
    if (auto opened = open_new_log(); !opened) return opened;
    ProgressBar bar("importing", imported_.header.head.value());
    while (true) {
        const auto line = lines_.next();
        if (!line) return failure(line.error());
        if (!*line) break;
        auto parsed = parse_export_line(**line);
        if (!parsed) return failure(lines_.refused(parsed.error()));
        if (std::holds_alternative<ExportHeader>(*parsed))
            return failure(lines_.refused("begins another log"));
        if (auto* const note = std::get_if<ExportedNote>(&*parsed)) {
            if (first_event_line_ != 0)
                return failure(lines_.refused("is a checkpoint: those stand before the records"));
            notes_.push_back(std::move(note->note));
            continue;
        }
        if (auto taken = take(std::get<ExportedEvent>(std::move(*parsed))); !taken) return taken;
        bar.show(log_->head().value(), "events");
    }
    if (auto appended = append_part(); !appended) return appended;
    bar.show(log_->head().value(), "events");
    if (log_->head() == imported_.header.head) return {};
    return failure(wrong(
        "the file ends after line " + std::to_string(lines_.number()) + ", at position " +
        std::to_string(log_->head().value()) + " of " +
        std::to_string(imported_.header.head.value())
    ));
}

StoreResult<void> Importing::take(ExportedEvent event) {
    if (first_event_line_ == 0) first_event_line_ = lines_.number();
    const Position wanted(log_->head().value() + part_.events.size() + 1);
    if (event.position != wanted)
        return failure(lines_.refused(
            "is position " + std::to_string(event.position.value()) + ", and " +
            std::to_string(wanted.value()) + " is what follows"
        ));
    part_bytes_ += event.stored.record.size();
    for (const auto& content : event.stored.contents)
        if (content) part_bytes_ += content->bytes.size();
    part_.events.push_back(std::move(event.stored));
    if (part_.events.size() < events_per_part && part_bytes_ < bytes_per_part) return {};
    return append_part();
}

StoreResult<void> Importing::append_part() {
    if (part_.events.empty()) return {};
    part_.after = log_->head();
    part_bytes_ = 0;
    auto verified = verify(std::exchange(part_, {}));
    StoreError error;
    if (verified) {
        const auto appended = log_->replicate(std::move(*verified));
        if (appended) return {};
        error = appended.error();
    } else {
        error = verified.error();
    }
    if (error.position > Position())
        error.detail = "line " + std::to_string(line_of(error.position)) + ": " + error.detail;
    return failure(std::move(error));
}

// Each in the file of its epoch, as a node has them.
StoreResult<void> Importing::keep_notes() const {
    std::map<std::string, std::string> files;
    for (const std::string& note : notes_) {
        const auto head = read_checkpoint(note);
        if (!head) return failure(wrong("a checkpoint of the file is none"));
        const std::string epoch = head->origin.substr(head->origin.rfind('/') + 1);
        if (!parse_base32(epoch))
            return failure(wrong("a checkpoint of the file is of no epoch: " + head->origin));
        const bool is_current = head->origin == log_key_name(imported_.header.epoch);
        files[is_current ? "checkpoint" : "checkpoint." + epoch] += note;
    }
    for (const auto& [name, text] : files)
        if (auto kept = replace_file(options_.data / name, text); !kept) return kept;
    return {};
}

StoreResult<void> Importing::put_the_keys() const {
    if (options_.keys_from.empty()) return {};
    return put_keys(
        options_.keys_from,
        options_.data / "keys",
        {.epoch = imported_.header.epoch, .verifier_key = verifier_key_}
    );
}

StoreResult<void> Importing::put_the_blobs() const {
    if (options_.blobs.empty()) return {};
    const auto wanted = list_blobs(options_.blobs);
    if (!wanted) return failure(wanted.error());
    const auto copied = copy_blobs(options_.blobs, options_.data / "blobs", *wanted, {});
    if (!copied) return failure(copied.error());
    if (copied->damaged.empty()) return {};
    return failure(wrong("the blob " + copied->damaged.front() + " is damaged"));
}

// A line that was changed with care is found by the tree, between two tree heads.
StoreResult<void> Importing::check_the_log() const {
    const auto [size, root] = log_->tree_head();
    const bool is_it = root == imported_.header.root;
    const auto storage = open_rocks_storage_to_read(
        {.directory = log_directory(), .columns = EventLog::column_names()}
    );
    if (!storage) return failure(storage.error());
    const auto report = check_log(
        **storage,
        {.notes = options_.data, .verifier_key = verifier_key_, .what = "verifying the log"}
    );
    if (!report) return failure(report.error());
    const auto first = report->findings.first_bad();
    if (first && *first <= imported_.header.head) {
        auto refused = refuse_findings(*report, "the imported log");
        refused.error().detail += "\n  from line " + std::to_string(line_of(*first)) + " on";
        return refused;
    }
    if (is_it && report->findings.count() == 0) return {};
    if (is_it) return refuse_findings(*report, "the imported log");
    return failure(wrong(
        "the records after position " + std::to_string(report->signed_up_to.value()) + " (line " +
        std::to_string(line_of(report->signed_up_to)) +
        ") are not those that were exported: line 1 has the root of another tree"
    ));
}

StoreResult<void> Importing::begin_the_epoch() {
    const auto epoch = begin_epoch(
        *log_,
        {.cause = EpochCause::restored, .kept_to = imported_.header.head, .lost_to = std::nullopt}
    );
    if (!epoch) return failure(epoch.error());
    return {};
}

StoreResult<void> Importing::sign_the_head() {
    log_.reset();
    const auto opened =
        open_rocks_event_log(log_directory().string(), random_bytes, Uuid(), system_now());
    if (!opened) return failure(opened.error());
    imported_.head = (*opened)->head();
    imported_.epoch = (*opened)->epoch();
    if (options_.keys_from.empty())
        if (auto retired = retire_notes(options_.data); !retired) return retired;
    if (auto begun = begin_tree_heads(options_.data, **opened); !begun) return begun;
    const auto seed = read_or_make_seed(options_.data / "keys" / "log.key");
    if (!seed) return failure(seed.error());
    imported_.verifier_key = NoteSigner(log_key_name(imported_.epoch), *seed).verifier_key();
    return {};
}

StoreResult<Imported> run(const ImportJsonlOptions& options) {
    if (options.same_epoch && options.keys_from.empty())
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            "--same-epoch goes on with the exported log, and so needs its key: --keys-from"});
    if (options.file == "-") return Importing(options, std::cin).run();
    std::ifstream in(options.file, std::ios::binary);
    if (in) return Importing(options, in).run();
    return failure(StoreError{StoreFault::cannot_open, {}, "cannot read " + options.file.string()});
}

void print(const Imported& imported, const ImportJsonlOptions& options) {
    if (options.json) {
        const nlohmann::ordered_json row = {
            {"imported", imported.header.head.value()},
            {"head", imported.head.value()},
            {"root", base64_text(as_text(imported.header.root))},
            {"epoch", base32_text(imported.epoch)},
            {"verifier_key", imported.verifier_key}};
        std::printf("%s\n", row.dump().c_str());
        return;
    }
    std::printf(
        "positions 1 to %llu are in %s, verified, root %s\nepoch %s\nkey   %s\n"
        "passwords are not in exports: who had one needs verbatim user reset-password\n",
        static_cast<unsigned long long>(imported.header.head.value()),
        options.data.c_str(),
        base64_text(as_text(imported.header.root)).c_str(),
        base32_text(imported.epoch).c_str(),
        imported.verifier_key.c_str()
    );
}

}  // namespace

Subcommand add_import_jsonl(CLI::App& import, DataDirectory data) {
    const auto options = std::make_shared<ImportJsonlOptions>();
    import.add_option("--format", options->format, "jsonl: what verbatim export writes")
        ->check(CLI::IsMember({"jsonl"}));
    import.add_option("--keys-from", options->keys_from, "the exported log's keys")
        ->check(CLI::ExistingDirectory);
    import.add_option("--blobs", options->blobs, "where export --blobs put the attachments")
        ->check(CLI::ExistingDirectory);
    import.add_option("--key", options->key, "the log's verifier key, as it was published");
    import.add_flag(
        "--same-epoch", options->same_epoch, "the exported log will never be written again"
    );
    import.add_flag("--json", options->json, "end with one line of JSON");
    import.add_option("file", options->file, "the export; -: standard input");
    return {.parser = &import, .run = [options, &data] {
                options->data = data;
                return import_jsonl(*options);
            }};
}

int import_jsonl(const ImportJsonlOptions& options) {
    if (options.file.empty()) {
        std::fprintf(stderr, "verbatim import: name the file, or one of the formats of others\n");
        return 1;
    }
    const auto imported = run(options);
    if (!imported) {
        std::fprintf(stderr, "verbatim import: %s\n", describe(imported.error()).c_str());
        return 1;
    }
    print(*imported, options);
    return 0;
}

}  // namespace verbatim
