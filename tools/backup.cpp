#include "tools/backup.hpp"

#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/base64.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"
#include "tools/backup_set.hpp"
#include "tools/blob_copies.hpp"
#include "tools/copy_requests.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"
#include "tools/key_copies.hpp"
#include "tools/log_check.hpp"
#include "tools/progress.hpp"
#include "tools/unfinished.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

StoreError cannot(std::string why) {
    return {StoreFault::cannot_open, {}, std::move(why)};
}

// Where a path leads, as far as it exists.
fs::path resolved(const fs::path& path) {
    std::error_code fault;
    fs::path whole = fs::weakly_canonical(fs::absolute(path, fault), fault);
    return whole.has_filename() ? whole : whole.parent_path();
}
bool is_within(const fs::path& inner, const fs::path& outer) {
    const auto [end, ignored] =
        std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return end == outer.end();
}

// What the operator is told.
struct Taken {
    Backup backup;
    std::uint64_t new_bytes = 0;
    std::vector<std::string> damaged_blobs;
};

class Taking {
public:
    Taking(const BackupOptions& options, const BackupSet& set) : options_(options), set_(set) {}

    StoreResult<Taken> run();

private:
    template <class Work>
    [[nodiscard]] StoreResult<void> step(std::string_view name, const Work& work) const {
        if (!options_.before_step || options_.before_step(name)) return work();
        return failure(cannot("given up before: " + std::string(name)));
    }
    [[nodiscard]] std::size_t kept_max() const {
        return options_.keep == 0 ? std::numeric_limits<std::size_t>::max() : options_.keep;
    }
    StoreResult<void> copy_the_log();
    StoreResult<CopyNumber> make_the_copy();
    StoreResult<void> check_the_copy();
    StoreResult<void> copy_the_blobs();
    [[nodiscard]] StoreResult<std::string> verifier_key_of(const Uuid& epoch) const;

    const BackupOptions& options_;
    const BackupSet& set_;
    Taken taken_;
};

// First the tree heads, then the log, then the blobs. A tree head speaks of records that were
// written before it, and a record of blobs that were stored before it: so whatever the copies speak
// of is in what is copied after them. A blob that goes meanwhile was erased.
StoreResult<Taken> Taking::run() {
    const std::uint64_t before = bytes_below(set_.log()) + bytes_below(set_.blobs());
    const auto number = set_.begin();
    if (!number) return failure(number.error());
    taken_.backup.number = *number;
    taken_.backup.taken_at = system_now();
    const fs::path own = set_.directory_of(*number);
    auto done = step("tree heads", [&] { return copy_notes(options_.data, own); });
    if (done) done = step("log", [&] { return copy_the_log(); });
    if (done) done = step("blobs", [&] { return copy_the_blobs(); });
    if (done) done = step("verify", [&] { return check_the_copy(); });
    if (done) done = step("finish", [&] { return set_.finish(taken_.backup); });
    const std::uint64_t after = bytes_below(set_.log()) + bytes_below(set_.blobs());
    if (done) taken_.new_bytes = after - std::min(before, after);
    if (done) done = step("prune", [&] { return set_.prune(kept_max()); });
    if (!done) return failure(done.error());
    return std::move(taken_);
}

StoreResult<void> Taking::copy_the_log() {
    const auto copy = make_the_copy();
    if (!copy) return failure(copy.error());
    taken_.backup.copy = *copy;
    return {};
}

StoreResult<CopyNumber> Taking::make_the_copy() {
    const fs::path log = options_.data / "log";
    ProgressBar bar("copying the log", bytes_below(log));
    const CopyProgress progress = [&](std::uint64_t bytes) {
        bar.show(bytes, "bytes");
        return true;
    };
    if (is_rocks_storage_in_use(log)) return ask_for_copy(options_.data, set_.log(), progress);
    std::error_code fault;
    if (!fs::exists(log / "CURRENT", fault))
        return failure(cannot(options_.data.string() + " holds no log"));
    if (const auto what = unfinished_in(options_.data))
        return failure(cannot(options_.data.string() + ": " + *what + " has not ended"));
    const auto storage = open_log_storage(log);
    if (!storage) return failure(storage.error());
    return copy_log(**storage, set_.log(), progress);
}

StoreResult<void> Taking::copy_the_blobs() {
    const auto wanted = list_blobs(options_.data / "blobs");
    if (!wanted) return failure(wanted.error());
    std::uint64_t total = 0;
    for (const BlobEntry& blob : *wanted) total += blob.bytes;
    std::unique_ptr<ProgressBar> bar;
    if (total > 0) bar = std::make_unique<ProgressBar>("copying the blobs", total);
    auto copied =
        copy_blobs(options_.data / "blobs", set_.blobs(), *wanted, [&](std::uint64_t bytes) {
            if (bar) bar->show(bytes, "bytes");
        });
    if (!copied) return failure(copied.error());
    taken_.backup.blobs = copied->there.size();
    taken_.damaged_blobs = std::move(copied->damaged);
    return replace_file(set_.blob_list_of(taken_.backup.number), blob_list(copied->there));
}

StoreResult<std::string> Taking::verifier_key_of(const Uuid& epoch) const {
    const fs::path file = options_.data / "keys" / "log.key";
    std::error_code fault;
    if (!fs::exists(file, fault)) return failure(cannot("there is no " + file.string()));
    const auto seed = read_or_make_seed(file);
    if (!seed) return failure(seed.error());
    return NoteSigner(log_key_name(epoch), *seed).verifier_key();
}

StoreResult<void> Taking::check_the_copy() {
    const auto copy = open_copy_to_read(set_.log(), taken_.backup.copy);
    if (!copy) return failure(copy.error());
    const auto stored = copy->storage->get(EventLog::meta, meta_key);
    if (!stored) return failure(stored.error());
    const auto meta = *stored ? parse_meta_value(**stored) : std::nullopt;
    if (!meta) return failure(cannot("the copy holds no log"));
    auto key = verifier_key_of(meta->epoch);
    if (!key) return failure(key.error());
    taken_.backup.epoch = meta->epoch;
    taken_.backup.verifier_key = std::move(*key);
    const auto report = check_log(
        *copy->storage,
        {.notes = set_.directory_of(taken_.backup.number),
         .verifier_key = taken_.backup.verifier_key,
         .what = "verifying the copy"}
    );
    if (!report) return failure(report.error());
    if (auto refused = refuse_findings(*report, "the log"); !refused) return refused;
    taken_.backup.head = report->head;
    taken_.backup.root = report->root.value_or(Digest{});
    return {};
}

// Who has a backup must not be able to sign, nor to make tokens, by that alone.
StoreResult<void> check_places(const BackupOptions& options) {
    std::error_code fault;
    if (!fs::is_directory(options.data, fault))
        return failure(cannot(options.data.string() + " is no data directory"));
    if (is_within(options.to, options.data) || is_within(options.data, options.to))
        return failure(cannot("the backup must lie outside of " + options.data.string()));
    if (options.keys_to.empty()) return {};
    if (is_within(options.keys_to, options.to) || is_within(options.to, options.keys_to))
        return failure(cannot("the keys must lie outside of the backup, " + options.to.string()));
    if (is_within(options.keys_to, options.data))
        return failure(cannot("the keys must lie outside of " + options.data.string()));
    return {};
}

StoreResult<Taken> take(const BackupOptions& options) {
    if (auto placed = check_places(options); !placed) return failure(placed.error());
    const auto set = BackupSet::open(options.to, BackupSet::For::writing);
    if (!set) return failure(set.error());
    if (!options.keys_to.empty())
        if (auto kept = copy_keys(options.data / "keys", options.keys_to); !kept)
            return failure(kept.error());
    return Taking(options, *set).run();
}

void print(const Taken& taken, const BackupOptions& options) {
    const Backup& backup = taken.backup;
    if (options.json) {
        const nlohmann::ordered_json row = {
            {"backup", backup.number},
            {"head", backup.head.value()},
            {"root", base64_text(as_text(backup.root))},
            {"epoch", base32_text(backup.epoch)},
            {"blobs", backup.blobs},
            {"new_bytes", taken.new_bytes},
            {"damaged_blobs", taken.damaged_blobs}};
        std::printf("%s\n", row.dump().c_str());
        return;
    }
    std::printf(
        "backup %u in %s: positions 1 to %llu and %llu blobs, verified; %llu new bytes\nroot %s\n",
        backup.number,
        options.to.c_str(),
        static_cast<unsigned long long>(backup.head.value()),
        static_cast<unsigned long long>(backup.blobs),
        static_cast<unsigned long long>(taken.new_bytes),
        base64_text(as_text(backup.root)).c_str()
    );
}

}  // namespace

Subcommand add_backup(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<BackupOptions>();
    CLI::App* backup_command = app.add_subcommand(
        "backup", "add a verified backup to a directory, of a running server or of data at rest"
    );
    backup_command->fallthrough();
    backup_command->add_option("--to", options->to, "directory of the backups")->required();
    backup_command->add_option(
        "--keys-to", options->keys_to, "copy the keys too, to here: not beside the backups"
    );
    backup_command->add_option("--keep", options->keep, "so many backups stay; 0: all")
        ->default_val(0);
    backup_command->add_flag("--json", options->json, "end with one line of JSON");
    return {.parser = backup_command, .run = [options, &data] {
                options->data = data;
                return backup(*options);
            }};
}

int backup(const BackupOptions& given) {
    BackupOptions options = given;
    options.data = resolved(given.data);
    options.to = resolved(given.to);
    if (!given.keys_to.empty()) options.keys_to = resolved(given.keys_to);
    const auto taken = take(options);
    if (!taken) {
        std::fprintf(stderr, "verbatim backup: %s\n", describe(taken.error()).c_str());
        return 1;
    }
    print(*taken, options);
    for (const std::string& blob : taken->damaged_blobs)
        std::fprintf(
            stderr,
            "verbatim backup: the blob %s is damaged, and no backup has it as it was\n",
            blob.c_str()
        );
    return taken->damaged_blobs.empty() ? 0 : 1;
}

}  // namespace verbatim
