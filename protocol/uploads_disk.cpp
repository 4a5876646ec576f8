#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "eventstore/sha256_stream.hpp"
#include "protocol/image_size.hpp"
#include "protocol/media_type.hpp"
#include "protocol/upload_hold.hpp"
#include "protocol/uploads.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 1024 * 1024;
static_assert(piece_bytes >= file_head_bytes_max, "the first piece holds the head");

// nullopt: not the name of a file with this ending.
std::optional<FileId> file_named(const fs::path& path, std::string_view suffix) {
    const std::string name = path.filename().string();
    if (!name.ends_with(suffix)) return std::nullopt;
    return parse_id<FileId>(std::string_view(name).substr(0, name.size() - suffix.size()));
}

StoreResult<std::string> read_whole(const fs::path& path) {
    const auto file = open_to_read(path);
    if (!file) return failure(file.error());
    const auto bytes = size_of(*file);
    if (!bytes) return failure(bytes.error());
    return read_at(*file, 0, static_cast<std::size_t>(*bytes));
}

bool is_there(const fs::path& path) {
    std::error_code fault;
    return fs::is_regular_file(path, fault);
}

}  // namespace

StoreResult<void> Uploads::write_chunk(
    const FileId& file, std::uint64_t offset, std::string_view chunk
) {
    before_change();
    const auto bytes = open_to_write(bytes_of(file));
    if (!bytes) return failure(bytes.error());
    if (auto written = write_at(*bytes, offset, chunk); !written) return written;
    before_change();
    if (auto synced = sync(*bytes); !synced) return synced;
    return offset == 0 ? sync_directory(directory()) : StoreResult<void>();
}

StoreResult<void> Uploads::write_record(const FileId& file, const UploadRecord& record) {
    before_change();
    return replace_file(record_of(file), to_json(record));
}

StoreResult<Attachment> Uploads::examine(const FileId& file, const UploadRecord& record) {
    const auto bytes = open_to_write(bytes_of(file));
    if (!bytes) return failure(bytes.error());
    const auto size = size_of(*bytes);
    if (!size) return failure(size.error());
    // What an interrupted or refused chunk has left behind.
    if (*size > record.length)
        if (auto cut = cut_to(*bytes, record.length); !cut) return failure(cut.error());

    Attachment found;
    found.file = file;
    found.filename = record.filename;
    found.bytes = record.length;
    Sha256Stream digest;
    std::uint64_t at = 0;
    do {
        const auto piece = read_at(*bytes, at, piece_bytes);
        if (!piece) return failure(piece.error());
        if (piece->empty() && at < record.length)
            return failure(StoreError{
                StoreFault::io_failed, {}, "bytes of " + to_text(file) + " are missing"});
        digest.add(*piece);
        if (at == 0) {
            found.media_type = media_type_of(*piece);
            if (found.media_type.starts_with("image/")) {
                if (const auto sides = image_size(*piece)) {
                    found.width = sides->width;
                    found.height = sides->height;
                }
            }
        }
        at += piece->size();
    } while (at < record.length);
    found.sha256 = digest.finish();
    return found;
}

StoreResult<void> Uploads::put_blob(const FileId& file, const Digest& digest) {
    const std::lock_guard lock(blobs_mutex_);
    before_change();
    return blobs_.put(digest, bytes_of(file));
}

StoreResult<void> Uploads::keep_blob(const Digest& digest, const std::filesystem::path& file) {
    const std::lock_guard lock(blobs_mutex_);
    return blobs_.put(digest, file);
}

void Uploads::name_blob(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    ++named_[digest];
}

// The blob is named before it is put: no sweep takes it away in between.
StoreResult<void> Uploads::finish(Hold& held) {
    auto examined = examine(held.file(), held.record());
    if (!examined) return failure(examined.error());
    const Digest digest = examined->sha256;
    name_blob(digest);
    UploadRecord whole = held.record();
    whole.finished = std::move(*examined);
    whole.expires_at =
        Timestamp(options_.clock().microseconds() + limits::unposted_file_seconds * 1'000'000);
    auto kept = write_record(held.file(), whole);
    if (kept) kept = put_blob(held.file(), digest);
    if (kept) {
        held.record() = std::move(whole);
        return {};
    }
    const std::lock_guard lock(mutex_);
    const auto named = named_.find(digest);
    if (--named->second == 0) named_.erase(named);
    return kept;
}

StoreResult<std::unique_ptr<Uploads>> Uploads::open(Options options, const Views& views) {
    auto blobs = BlobStore::open(options.data / "blobs");
    if (!blobs) return failure(blobs.error());
    std::unique_ptr<Uploads> uploads(new Uploads(std::move(options), views, std::move(*blobs)));
    if (auto made = make_directory(uploads->directory()); !made) return failure(made.error());
    if (auto taken_up = uploads->take_up(); !taken_up) return failure(taken_up.error());
    return uploads;
}

StoreResult<void> Uploads::take_up() {
    std::error_code fault;
    std::vector<fs::path> paths;
    for (fs::directory_iterator each(directory(), fault), end; !fault && each != end;
         each.increment(fault))
        paths.push_back(each->path());
    if (fault)
        return failure(StoreError{
            StoreFault::cannot_open, {}, "list " + directory().string() + ": " + fault.message()});
    for (const fs::path& path : paths) {
        if (path.string().ends_with(unfinished_suffix)) {
            if (auto removed = remove_file(path); !removed) return removed;
        }
        const auto file = file_named(path, upload_record_suffix);
        if (!file) continue;
        const auto text = read_whole(path);
        if (!text) return failure(text.error());
        auto record = parse_upload_record(*file, *text);
        if (!record) {
            options_.report("an upload's record is damaged and left alone: " + path.string());
            continue;
        }
        const auto is_kept = take_up(*file, *record);
        if (!is_kept) return failure(is_kept.error());
        if (!*is_kept) continue;
        if (record->finished) ++named_[record->finished->sha256];
        of_owner_[record->owner].insert(*file);
        entries_.emplace(*file, Entry{.record = std::move(*record)});
    }
    for (const fs::path& path : paths) {
        const auto file = file_named(path, upload_bytes_suffix);
        const bool is_orphan = file && !is_there(record_of(*file));
        if (!is_orphan) continue;
        if (auto removed = remove_file(path); !removed) return removed;
    }
    return {};
}

// Brings one upload's files to where its record says they are. False: there is nothing left of it.
StoreResult<bool> Uploads::take_up(const FileId& file, UploadRecord& record) {
    const bool has_bytes = is_there(bytes_of(file));
    if (record.finished) {
        if (has_bytes) {
            auto put = blobs_.put(record.finished->sha256, bytes_of(file));
            if (!put) return failure(put.error());
        }
        if (blobs_.has(record.finished->sha256)) return true;
        // Its removal was interrupted, or the disk has lost it.
        if (options_.clock() < record.expires_at)
            options_.report("the bytes of the upload " + to_text(file) + " are gone");
        if (auto removed = remove_file(record_of(file)); !removed) return failure(removed.error());
        return false;
    }
    if (!has_bytes) {
        if (record.offset > 0)
            options_.report("the bytes of the upload " + to_text(file) + " are gone");
        record.offset = 0;
        return true;
    }
    const auto bytes = open_to_write(bytes_of(file));
    if (!bytes) return failure(bytes.error());
    const auto size = size_of(*bytes);
    if (!size) return failure(size.error());
    if (*size > record.offset)
        if (auto cut = cut_to(*bytes, record.offset); !cut) return failure(cut.error());
    if (*size < record.offset)
        options_.report("the disk has lost bytes of the upload " + to_text(file));
    record.offset = std::min(record.offset, *size);
    return true;
}

}  // namespace verbatim
