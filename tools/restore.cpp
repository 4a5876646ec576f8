#include "tools/restore.hpp"

#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"
#include "tools/backup_files.hpp"
#include "tools/backup_set.hpp"
#include "tools/epoch.hpp"
#include "tools/erasures.hpp"
#include "tools/former_notes.hpp"
#include "tools/key_copies.hpp"
#include "tools/log_check.hpp"
#include "tools/progress.hpp"
#include "tools/record_restore.hpp"
#include "tools/unfinished.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

StoreError wrong(std::string why) {
    return {StoreFault::corrupt_record, {}, std::move(why)};
}

// What a log's store notes of contents that it lacks, in the column meta.
using Marks = std::vector<std::pair<std::string, std::string>>;

StoreResult<Marks> marks_of(const Storage& log) {
    Marks marks;
    for (const std::string_view key : {without_secrets_key, thinned_key}) {
        auto value = log.get(EventLog::meta, key);
        if (!value) return failure(value.error());
        if (*value) marks.emplace_back(key, **value);
    }
    return marks;
}

// What the operator is told.
struct Restored {
    Backup backup;
    Position kept_to;
    std::optional<Position> lost_to;
    Position head;  // of the log now: log.epoch_begun, and what was erased again
    Uuid epoch;
    std::string verifier_key;
    std::vector<std::string> missing_blobs;
};

class Restoring {
public:
    Restoring(const RestoreOptions& options, const BackupSet& set, Backup backup)
        : options_(options), set_(set) {
        restored_.backup = std::move(backup);
    }

    StoreResult<Restored> run();

private:
    StoreResult<void> put_the_log();
    [[nodiscard]] StoreResult<void> compare_with_backup(const EventLog& copy) const;
    StoreResult<void> copy_the_files();
    StoreResult<void> copy_the_records();
    [[nodiscard]] StoreResult<void> copy_all(
        const EventLog& from, EventLog& to, const Erasures& erasures
    ) const;
    [[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_new_log(
        const LogOrigin& origin, const Marks& marks
    ) const;
    [[nodiscard]] StoreResult<Erasures> erasures_since(const EventLog& from) const;
    StoreResult<void> begin_the_epoch(EventLog& log);
    StoreResult<void> put_the_blobs();
    [[nodiscard]] StoreResult<void> put_the_keys() const;
    StoreResult<void> put_the_tree_heads();
    [[nodiscard]] StoreResult<void> check_the_log() const;
    StoreResult<void> sign_the_head();
    [[nodiscard]] fs::path log() const { return options_.data / "log"; }
    [[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_log() const {
        return open_rocks_event_log(log().string(), random_bytes, Uuid(), system_now());
    }

    const RestoreOptions& options_;
    const BackupSet& set_;
    Restored restored_;
};

StoreResult<Restored> Restoring::run() {
    if (auto begun = begin_filling(options_.data, "a restore"); !begun)
        return failure(begun.error());
    auto done = put_the_keys();
    if (done) done = put_the_log();
    if (done) done = put_the_blobs();
    if (done) done = put_the_tree_heads();
    if (done) done = check_the_log();
    if (done) done = sign_the_head();
    if (done) done = end_filling(options_.data);
    if (!done) return failure(done.error());
    return std::move(restored_);
}

StoreResult<void> Restoring::put_the_log() {
    const bool takes_records = options_.to_position || !options_.erasures_from.empty();
    return takes_records ? copy_the_records() : copy_the_files();
}

StoreResult<void> Restoring::compare_with_backup(const EventLog& copy) const {
    const std::pair<std::uint64_t, Digest> wanted(
        restored_.backup.head.value(), restored_.backup.root
    );
    if (copy.tree_head() == wanted) return {};
    return failure(wrong("the copy of the log is not the one that was backed up"));
}

StoreResult<void> Restoring::copy_the_files() {
    if (auto put = put_log_files(set_, restored_.backup, options_.data); !put) return put;
    auto opened = open_log();
    if (!opened) return failure(opened.error());
    if (auto same = compare_with_backup(**opened); !same) return same;
    restored_.kept_to = restored_.backup.head;
    return begin_the_epoch(**opened);
}

StoreResult<void> Restoring::copy_the_records() {
    auto copy = open_copy_to_read(set_.log(), restored_.backup.copy);
    if (!copy) return failure(copy.error());
    const auto marks = marks_of(*copy->storage);
    if (!marks) return failure(marks.error());
    const auto from = EventLog::open(std::move(copy->storage), random_bytes, Uuid(), Timestamp());
    if (!from) return failure(from.error());
    if (auto same = compare_with_backup(**from); !same) return same;
    const Position head = restored_.backup.head;
    restored_.kept_to = Position(options_.to_position.value_or(head.value()));
    if (restored_.kept_to == Position() || restored_.kept_to > head)
        return failure(wrong(
            "the backup has the positions 1 to " + std::to_string(head.value()) + ", not " +
            std::to_string(restored_.kept_to.value())
        ));
    const auto erasures = erasures_since(**from);
    if (!erasures) return failure(erasures.error());
    if (erasures->head > restored_.kept_to) restored_.lost_to = erasures->head;

    auto to = open_new_log((*from)->origin(), *marks);
    if (!to) return failure(to.error());
    if (auto copied = copy_all(**from, **to, *erasures); !copied) return copied;
    if (auto begun = begin_the_epoch(**to); !begun) return begun;
    to->reset();
    to = open_log();
    if (!to) return failure(to.error());
    return append_erasures(**from, **to, restored_.kept_to, *erasures);
}

StoreResult<std::unique_ptr<EventLog>> Restoring::open_new_log(
    const LogOrigin& origin, const Marks& marks
) const {
    auto storage = open_log_storage(log());
    if (!storage) return failure(storage.error());
    auto batch = (*storage)->new_batch();
    for (const auto& [key, value] : marks) batch->put(EventLog::meta, key, value);
    if (auto written = (*storage)->write(std::move(batch), Durability::synced); !written)
        return failure(written.error());
    return EventLog::open(std::move(*storage), random_bytes, origin);
}

StoreResult<void> Restoring::copy_all(const EventLog& from, EventLog& to, const Erasures& erasures)
    const {
    ProgressBar bar("copying the records", restored_.kept_to.value());
    const auto progress = [&](Position at) { bar.show(at.value(), "events"); };
    auto copied = copy_records(from, to, restored_.kept_to, erasures, progress);
    if (!copied) return copied;
    const auto root = root_at(restored_.kept_to.value(), from.tree_nodes());
    if (!root) return failure(root.error());
    if (to.tree_head().second == *root) return {};
    return failure(wrong("the copied records are not those that were backed up"));
}

// Those that the backup itself speaks of after the position where the restore ends, and those that
// another source knows of.
StoreResult<Erasures> Restoring::erasures_since(const EventLog& from) const {
    auto erasures = erasures_in(from, restored_.kept_to);
    if (!erasures || options_.erasures_from.empty()) return erasures;
    const auto leaf = from.leaf_hash(restored_.kept_to);
    if (!leaf) return failure(leaf.error());
    const auto others =
        erasures_from(options_.erasures_from, {.position = restored_.kept_to, .leaf = *leaf});
    if (!others) return failure(others.error());
    erasures->add(*others);
    return erasures;
}

StoreResult<void> Restoring::begin_the_epoch(EventLog& log) {
    const auto epoch = begin_epoch(
        log,
        {.cause = EpochCause::restored, .kept_to = restored_.kept_to, .lost_to = restored_.lost_to}
    );
    if (!epoch) return failure(epoch.error());
    restored_.epoch = *epoch;
    return {};
}

// Which are all of former epochs now.
StoreResult<void> Restoring::put_the_tree_heads() {
    const fs::path from = set_.directory_of(restored_.backup.number);
    if (auto copied = copy_notes(from, options_.data); !copied) return copied;
    const auto opened = open_log();
    if (!opened) return failure(opened.error());
    return put_tree_heads_aside(options_.data, **opened);
}

StoreResult<void> Restoring::put_the_blobs() {
    auto missing = put_blobs(set_, restored_.backup, options_.data);
    if (!missing) return failure(missing.error());
    restored_.missing_blobs = std::move(*missing);
    return {};
}

StoreResult<void> Restoring::put_the_keys() const {
    if (options_.keys_from.empty()) return {};
    return put_keys(
        options_.keys_from,
        options_.data / "keys",
        {.epoch = restored_.backup.epoch, .verifier_key = restored_.backup.verifier_key}
    );
}

StoreResult<void> Restoring::check_the_log() const {
    const auto storage =
        open_rocks_storage_to_read({.directory = log(), .columns = EventLog::column_names()});
    if (!storage) return failure(storage.error());
    const auto report = check_log(
        **storage,
        {.notes = options_.data,
         .verifier_key = restored_.backup.verifier_key,
         .what = "verifying the log"}
    );
    if (!report) return failure(report.error());
    return refuse_findings(*report, "the restored log");
}

StoreResult<void> Restoring::sign_the_head() {
    const auto opened = open_log();
    if (!opened) return failure(opened.error());
    restored_.head = (*opened)->head();
    if (options_.keys_from.empty())
        if (auto retired = retire_notes(options_.data); !retired) return retired;
    if (auto signed_head = begin_tree_heads(options_.data, **opened); !signed_head)
        return signed_head;
    const auto seed = read_or_make_seed(options_.data / "keys" / "log.key");
    if (!seed) return failure(seed.error());
    restored_.verifier_key = NoteSigner(log_key_name(restored_.epoch), *seed).verifier_key();
    return {};
}

StoreResult<Restored> run(const RestoreOptions& options) {
    const auto set = BackupSet::open(options.from, BackupSet::For::reading);
    if (!set) return failure(set.error());
    auto backup = set->find(options.backup);
    if (!backup) return failure(backup.error());
    return Restoring(options, *set, std::move(*backup)).run();
}

void print(const Restored& restored, const RestoreOptions& options) {
    if (options.json) {
        const nlohmann::ordered_json row = {
            {"backup", restored.backup.number},
            {"kept_to", restored.kept_to.value()},
            {"head", restored.head.value()},
            {"epoch", base32_text(restored.epoch)},
            {"verifier_key", restored.verifier_key},
            {"missing_blobs", restored.missing_blobs}};
        std::printf("%s\n", row.dump().c_str());
        return;
    }
    std::printf(
        "backup %u is in %s: positions 1 to %llu, verified\n"
        "a new epoch has begun at position %llu: %s\nthe log's key is now called %s\n",
        restored.backup.number,
        options.data.c_str(),
        static_cast<unsigned long long>(restored.kept_to.value()),
        static_cast<unsigned long long>(restored.kept_to.next().value()),
        base32_text(restored.epoch).c_str(),
        restored.verifier_key.c_str()
    );
    if (options.keys_from.empty())
        std::printf("no keys were given: all tokens have ended, and the log's key is a new one\n");
}

}  // namespace

Subcommand add_restore(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<RestoreOptions>();
    CLI::App* command =
        app.add_subcommand("restore", "fill an empty data directory from a backup, and verify it");
    command->fallthrough();
    command->add_option("--from", options->from, "directory of the backups")->required();
    command->add_option("--backup", options->backup, "its number; else the newest");
    command->add_option("--keys-from", options->keys_from, "where backup --keys-to put the keys")
        ->check(CLI::ExistingDirectory);
    command->add_option("--to-position", options->to_position, "the last position that is wanted");
    command
        ->add_option(
            "--erasures-from",
            options->erasures_from,
            "newer data, or an export of it: what was erased since is erased again"
        )
        ->check(CLI::ExistingPath);
    command->add_flag("--json", options->json, "end with one line of JSON");
    return {.parser = command, .run = [options, &data] {
                options->data = data;
                return restore(*options);
            }};
}

int restore(const RestoreOptions& options) {
    const auto restored = run(options);
    if (!restored) {
        std::fprintf(stderr, "verbatim restore: %s\n", describe(restored.error()).c_str());
        return 1;
    }
    print(*restored, options);
    for (const std::string& blob : restored->missing_blobs)
        std::fprintf(stderr, "verbatim restore: the blob %s is missing or damaged\n", blob.c_str());
    return restored->missing_blobs.empty() ? 0 : 1;
}

}  // namespace verbatim
