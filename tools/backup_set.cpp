#include "tools/backup_set.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "protocol/base64.hpp"
#include "tools/blob_copies.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/file.h>
#include <system_error>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* lock_name = "lock";
constexpr const char* manifest_name = "backup.json";
constexpr const char* format = "verbatim-backup/1";
constexpr std::size_t manifest_bytes_max = 64 * 1024;
constexpr std::size_t number_digits = 6;

StoreError cannot(const fs::path& directory, const std::string& why) {
    return {StoreFault::cannot_open, {}, directory.string() + ": " + why};
}

std::optional<std::uint32_t> number_of(const fs::path& directory) {
    const std::string name = directory.filename();
    std::uint32_t number = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return number;
}

// Those of all backups, finished or not, ascending.
StoreResult<std::vector<std::uint32_t>> numbers_in(const fs::path& directory) {
    std::vector<std::uint32_t> numbers;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(directory, fault))
        if (const auto number = number_of(entry.path())) numbers.push_back(*number);
    if (fault) return failure(cannot(directory, fault.message()));
    std::ranges::sort(numbers);
    return numbers;
}

std::string manifest_of(const Backup& backup) {
    const nlohmann::ordered_json manifest = {
        {"format", format},
        {"number", backup.number},
        {"taken_at", rfc3339(backup.taken_at)},
        {"epoch", base32_text(backup.epoch)},
        {"head", backup.head.value()},
        {"root", base64_text(as_text(backup.root))},
        {"verifier_key", backup.verifier_key},
        {"log_copy", backup.copy},
        {"blobs", backup.blobs}};
    return manifest.dump(2) + "\n";
}

std::optional<Backup> parse_manifest(const std::string& text) {
    const json manifest = json::parse(text, nullptr, false);
    if (!manifest.is_object() || manifest.value("format", json()) != format) return std::nullopt;
    try {
        const auto epoch = parse_base32(manifest.at("epoch").get<std::string>());
        const auto root = parse_base64(manifest.at("root").get<std::string>());
        const auto taken_at = parse_rfc3339(manifest.at("taken_at").get<std::string>());
        if (!epoch || !taken_at || !root || root->size() != sizeof(Digest)) return std::nullopt;
        Backup backup{
            .number = manifest.at("number").get<std::uint32_t>(),
            .copy = manifest.at("log_copy").get<std::uint32_t>(),
            .epoch = *epoch,
            .head = Position(manifest.at("head").get<std::uint64_t>()),
            .root = {},
            .taken_at = *taken_at,
            .verifier_key = manifest.at("verifier_key").get<std::string>(),
            .blobs = manifest.at("blobs").get<std::uint64_t>()};
        std::ranges::copy(*root, backup.root.begin());
        return backup;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

StoreResult<BackupSet> BackupSet::open(fs::path directory, For use) {
    const bool is_writing = use == For::writing;
    const fs::path lock_file = directory / lock_name;
    std::error_code fault;
    if (is_writing) {
        if (auto made = make_directory(directory); !made) return failure(made.error());
        const bool is_empty = fs::directory_iterator(directory, fault) == fs::directory_iterator();
        if (fault) return failure(cannot(directory, fault.message()));
        if (!is_empty && !fs::exists(lock_file, fault))
            return failure(cannot(directory, "holds other things than backups. Choose another"));
    } else if (!fs::exists(lock_file, fault)) {
        return failure(cannot(directory, "holds no backups"));
    }
    auto lock = is_writing ? open_to_write(lock_file) : open_to_read(lock_file);
    if (!lock) return failure(lock.error());
    if (::flock(lock->descriptor(), (is_writing ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        return failure(cannot(directory, "another process is at it: wait until it has ended"));
    return BackupSet(std::move(directory), std::move(*lock));
}

fs::path BackupSet::directory_of(std::uint32_t number) const {
    std::string name = std::to_string(number);
    if (name.size() < number_digits) name.insert(0, number_digits - name.size(), '0');
    return directory_ / name;
}

StoreResult<std::vector<Backup>> BackupSet::list() const {
    const auto numbers = numbers_in(directory_);
    if (!numbers) return failure(numbers.error());
    std::vector<Backup> backups;
    for (const std::uint32_t number : *numbers) {
        const fs::path file = directory_of(number) / manifest_name;
        std::error_code fault;
        if (!fs::exists(file, fault)) continue;
        const auto manifest = open_to_read(file);
        if (!manifest) return failure(manifest.error());
        const auto text = read_at(*manifest, 0, manifest_bytes_max);
        if (!text) return failure(text.error());
        auto backup = parse_manifest(*text);
        if (!backup || backup->number != number)
            return failure(StoreError{
                StoreFault::corrupt_record, {}, file.string() + " describes no backup"});
        backups.push_back(std::move(*backup));
    }
    return backups;
}

StoreResult<Backup> BackupSet::find(std::optional<std::uint32_t> number) const {
    auto backups = list();
    if (!backups) return failure(backups.error());
    const auto found = number ? std::ranges::find(*backups, *number, &Backup::number)
                              : backups->end() - (backups->empty() ? 0 : 1);
    if (found != backups->end()) return *found;
    return failure(StoreError{
        StoreFault::missing_record,
        {},
        directory_.string() + ": " +
            (number ? "there is no backup " + std::to_string(*number) : "there is no backup yet")});
}

StoreResult<std::uint32_t> BackupSet::begin() const {
    const auto numbers = numbers_in(directory_);
    if (!numbers) return failure(numbers.error());
    const std::uint32_t number = numbers->empty() ? 1 : numbers->back() + 1;
    if (auto made = make_directory(directory_of(number)); !made) return failure(made.error());
    return number;
}

StoreResult<void> BackupSet::finish(const Backup& backup) const {
    return replace_file(directory_of(backup.number) / manifest_name, manifest_of(backup));
}

// Manifests go first: what has none is no backup, and its files may go in any order.
StoreResult<void> BackupSet::prune(std::size_t keep) const {
    auto kept = list();
    if (!kept) return failure(kept.error());
    if (kept->size() > keep)
        kept->erase(kept->begin(), kept->end() - static_cast<std::ptrdiff_t>(keep));
    const auto numbers = numbers_in(directory_);
    if (!numbers) return failure(numbers.error());
    for (const std::uint32_t number : *numbers) {
        if (std::ranges::find(*kept, number, &Backup::number) != kept->end()) continue;
        const fs::path directory = directory_of(number);
        if (auto removed = remove_file(directory / manifest_name); !removed) return removed;
        if (auto synced = sync_directory(directory); !synced) return synced;
        std::error_code fault;
        fs::remove_all(directory, fault);
        if (fault) return failure(cannot(directory, fault.message()));
    }
    std::set<CopyNumber> copies;
    for (const Backup& backup : *kept) copies.insert(backup.copy);
    if (auto removed = remove_copies_but(log(), copies); !removed) return removed;
    return remove_blobs_but_of(*kept);
}

StoreResult<void> BackupSet::remove_blobs_but_of(const std::vector<Backup>& kept) const {
    std::set<Digest> needed;
    for (const Backup& backup : kept) {
        const auto blobs = read_blob_list(blob_list_of(backup.number));
        if (!blobs) return failure(blobs.error());
        for (const BlobEntry& blob : *blobs) needed.insert(blob.digest);
    }
    const auto there = list_blobs(blobs());
    if (!there) return failure(there.error());
    for (const BlobEntry& blob : *there) {
        if (needed.contains(blob.digest)) continue;
        const std::string name = hex_text(blob.digest);
        if (auto removed = remove_file(blobs() / name.substr(0, 2) / name); !removed)
            return removed;
    }
    return {};
}

}  // namespace verbatim
