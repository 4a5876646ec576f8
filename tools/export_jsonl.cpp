#include "tools/export_jsonl.hpp"

#include "eventstore/durable_file.hpp"
#include "protocol/key_file.hpp"
#include "tools/blob_copies.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"
#include "tools/log_jsonl.hpp"
#include "tools/progress.hpp"
#include "tools/stored_log.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t events_per_page = 1'024;
constexpr std::size_t bytes_per_page = 4u << 20;

// Where the lines go: a file that appears under its name once all of it is durable, or standard
// output.
class Output {
public:
    explicit Output(fs::path file) : file_(std::move(file)) {}

    StoreResult<void> open() {
        if (file_.empty()) return {};
        const fs::path unfinished = file_.string() + std::string(unfinished_suffix);
        if (auto removed = remove_file(unfinished); !removed) return removed;
        auto opened = open_to_write(unfinished);
        if (!opened) return failure(opened.error());
        handle_ = std::move(*opened);
        return {};
    }
    StoreResult<void> write(const std::string& text) {
        if (!file_.empty()) {
            auto written = write_at(handle_, offset_, text);
            offset_ += text.size();
            return written;
        }
        if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
        return failure(StoreError{StoreFault::io_failed, {}, "standard output takes no more"});
    }
    StoreResult<void> finish() {
        if (file_.empty()) {
            if (std::fflush(stdout) == 0) return {};
            return failure(StoreError{StoreFault::io_failed, {}, "standard output takes no more"});
        }
        if (auto synced = sync(handle_); !synced) return synced;
        return move_file(file_.string() + std::string(unfinished_suffix), file_);
    }

private:
    fs::path file_;
    FileHandle handle_;
    std::uint64_t offset_ = 0;
};

// Who exports may have the log without its keys: then nothing can say which key has signed it.
StoreResult<std::string> verifier_key_of(const fs::path& data, const Uuid& epoch) {
    const fs::path file = data / "keys" / "log.key";
    std::error_code fault;
    if (!fs::exists(file, fault)) return std::string();
    const auto seed = read_or_make_seed(file);
    if (!seed) return failure(seed.error());
    return NoteSigner(log_key_name(epoch), *seed).verifier_key();
}

// Tree heads first: what they speak of is in the log that is opened after them.
StoreResult<void> write_log(
    const EventLog& log,
    const std::vector<std::string>& notes,
    const std::string& verifier_key,
    Output& output
) {
    const auto [size, root] = log.tree_head();
    const ExportHeader header{
        .epoch = log.epoch(),
        .created_at = log.created_at(),
        .min_reader = log.min_reader(),
        .head = Position(size),
        .root = root,
        .verifier_key = verifier_key};
    auto written = output.write(header_line(header));
    for (const std::string& note : notes)
        if (written) written = output.write(note_line(note));
    ProgressBar bar("exporting", size);
    Position at;
    while (written && at.value() < size) {
        const auto page = log.read_stored_after(at, events_per_page, bytes_per_page);
        if (!page) return failure(page.error());
        std::string lines;
        for (const StoredEvent& stored : *page) {
            at = at.next();
            const auto line = event_line(at, stored);
            if (!line) return failure(line.error());
            lines += *line;
        }
        written = output.write(lines);
        bar.show(at.value(), "events");
    }
    return written;
}

StoreResult<void> copy_all_blobs(const fs::path& from, const fs::path& to) {
    const auto wanted = list_blobs(from);
    if (!wanted) return failure(wanted.error());
    const auto copied = copy_blobs(from, to, *wanted, {});
    if (!copied) return failure(copied.error());
    if (copied->damaged.empty()) return {};
    return failure(StoreError{
        StoreFault::corrupt_record, {}, "the blob " + copied->damaged.front() + " is damaged"});
}

StoreResult<void> run(const ExportOptions& options) {
    const auto notes = all_notes_in(options.data);
    if (!notes) return failure(notes.error());
    const auto log = open_log_to_read(options.data);
    if (!log) return failure(log.error());
    const auto key = verifier_key_of(options.data, (*log)->epoch());
    if (!key) return failure(key.error());
    Output output(options.out);
    auto done = output.open();
    if (done) done = write_log(**log, *notes, *key, output);
    if (done) done = output.finish();
    if (done && !options.blobs.empty())
        done = copy_all_blobs(options.data / "blobs", options.blobs);
    return done;
}

}  // namespace

Subcommand add_export(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<ExportOptions>();
    CLI::App* command = app.add_subcommand(
        "export", "write the whole log, without its secrets, for another node or another program"
    );
    command->fallthrough();
    command->add_option("--format", options->format, "jsonl: one record a line")
        ->required()
        ->check(CLI::IsMember({"jsonl"}));
    command->add_option("--out", options->out, "the file; else standard output");
    command->add_option("--blobs", options->blobs, "copy the attachments to this directory");
    return {.parser = command, .run = [options, &data] {
                options->data = data;
                return export_log(*options);
            }};
}

int export_log(const ExportOptions& options) {
    const auto exported = run(options);
    if (exported) return 0;
    std::fprintf(stderr, "verbatim export: %s\n", describe(exported.error()).c_str());
    return 1;
}

}  // namespace verbatim
