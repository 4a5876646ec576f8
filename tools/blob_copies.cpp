#include "tools/blob_copies.hpp"

#include "eventstore/durable_file.hpp"
#include "eventstore/sha256_stream.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t piece_bytes = 1u << 20;
constexpr std::size_t digest_digits = 64;

// As BlobStore names them.
fs::path blob_path(const fs::path& blobs, const Digest& digest) {
    const std::string name = hex_text(digest);
    return blobs / name.substr(0, 2) / name;
}

StoreResult<Digest> copy_bytes(const FileHandle& from, const FileHandle& to) {
    Sha256Stream hash;
    for (std::uint64_t offset = 0;;) {
        const auto piece = read_at(from, offset, piece_bytes);
        if (!piece) return failure(piece.error());
        hash.add(*piece);
        if (auto written = write_at(to, offset, *piece); !written) return failure(written.error());
        offset += piece->size();
        if (piece->size() < piece_bytes) break;
    }
    if (auto synced = sync(to); !synced) return failure(synced.error());
    return hash.finish();
}

class BlobCopier {
public:
    BlobCopier(const fs::path& from, const fs::path& to) : from_(from), to_(to) {}

    StoreResult<void> copy(const BlobEntry& blob) {
        const fs::path source = blob_path(from_, blob.digest);
        const fs::path target = blob_path(to_, blob.digest);
        std::error_code fault;
        if (fs::file_size(target, fault) == blob.bytes && !fault) return there(blob);
        if (!fs::exists(source, fault)) {
            copied_.missing.push_back(hex_text(blob.digest));
            return {};
        }
        const fs::path directory = target.parent_path();
        if (auto made = make_directory(directory); !made) return made;
        const fs::path unfinished = target.string() + std::string(unfinished_suffix);
        const auto digest = copy_and_hash(source, unfinished);
        if (!digest) return failure(digest.error());
        if (*digest != blob.digest) {
            copied_.damaged.push_back(hex_text(blob.digest));
            return remove_file(unfinished);
        }
        std::error_code renamed;
        fs::rename(unfinished, target, renamed);
        if (renamed)
            return failure(StoreError{
                StoreFault::outcome_unknown, {}, target.string() + ": " + renamed.message()});
        touched_.insert(directory);
        copied_.bytes += blob.bytes;
        return there(blob);
    }
    // Names are durable once their directories were synced, each once.
    StoreResult<CopiedBlobs> finish() {
        for (const fs::path& directory : touched_)
            if (auto synced = sync_directory(directory); !synced) return failure(synced.error());
        return std::move(copied_);
    }

private:
    StoreResult<void> there(const BlobEntry& blob) {
        copied_.there.push_back(blob);
        return {};
    }

    const fs::path& from_;
    const fs::path& to_;
    CopiedBlobs copied_;
    std::set<fs::path> touched_;
};

}  // namespace

StoreResult<std::vector<BlobEntry>> list_blobs(const fs::path& blobs) {
    std::vector<BlobEntry> found;
    std::error_code fault;
    if (!fs::exists(blobs, fault)) return found;
    for (auto entry = fs::recursive_directory_iterator(blobs, fault);
         !fault && entry != fs::recursive_directory_iterator();
         entry.increment(fault)) {
        const auto digest = parse_hex(entry->path().filename().string());
        if (!digest) continue;
        std::error_code gone;
        const std::uint64_t bytes = entry->file_size(gone);
        if (!gone) found.push_back({*digest, bytes});
    }
    if (fault)
        return failure(StoreError{
            StoreFault::cannot_open, {}, blobs.string() + ": " + fault.message()});
    std::ranges::sort(found, {}, &BlobEntry::digest);
    return found;
}

std::string blob_list(const std::vector<BlobEntry>& blobs) {
    std::string text;
    for (const BlobEntry& blob : blobs)
        text += hex_text(blob.digest) + " " + std::to_string(blob.bytes) + "\n";
    return text;
}

StoreResult<std::vector<BlobEntry>> read_blob_list(const fs::path& file) {
    std::ifstream in(file);
    if (!in)
        return failure(StoreError{StoreFault::cannot_open, {}, "cannot read " + file.string()});
    std::vector<BlobEntry> blobs;
    for (std::string line; std::getline(in, line);) {
        BlobEntry blob;
        const auto digest = parse_hex(std::string_view(line).substr(0, digest_digits));
        const char* const end = line.data() + line.size();
        const char* const number = line.data() + std::min(line.size(), digest_digits + 1);
        const auto parsed = std::from_chars(number, end, blob.bytes);
        if (!digest || parsed.ec != std::errc() || parsed.ptr != end)
            return failure(StoreError{
                StoreFault::corrupt_record, {}, file.string() + " is no list of blobs"});
        blob.digest = *digest;
        blobs.push_back(blob);
    }
    if (in.bad())
        return failure(StoreError{StoreFault::io_failed, {}, "cannot read " + file.string()});
    return blobs;
}

StoreResult<CopiedBlobs> copy_blobs(
    const fs::path& from,
    const fs::path& to,
    const std::vector<BlobEntry>& wanted,
    const std::function<void(std::uint64_t bytes)>& progress
) {
    BlobCopier copier(from, to);
    std::uint64_t looked_at = 0;
    for (const BlobEntry& blob : wanted) {
        if (auto copied = copier.copy(blob); !copied) return failure(copied.error());
        looked_at += blob.bytes;
        if (progress) progress(looked_at);
    }
    return copier.finish();
}

StoreResult<Digest> copy_and_hash(const fs::path& from, const fs::path& to) {
    const auto source = open_to_read(from);
    if (!source) return failure(source.error());
    if (auto removed = remove_file(to); !removed) return failure(removed.error());
    const auto target = open_to_write(to);
    if (!target) return failure(target.error());
    return copy_bytes(*source, *target);
}

std::uint64_t bytes_below(const fs::path& directory) {
    std::uint64_t bytes = 0;
    std::error_code fault;
    for (auto entry = fs::recursive_directory_iterator(directory, fault);
         !fault && entry != fs::recursive_directory_iterator();
         entry.increment(fault)) {
        std::error_code gone;
        const std::uint64_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
        if (!gone) bytes += size;
    }
    return bytes;
}

}  // namespace verbatim
