#include "protocol/uploads.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "protocol/upload_hold.hpp"

#include <chrono>
#include <utility>

namespace verbatim {
namespace {

// How long a request waits for the one before it on the same upload.
constexpr auto busy_wait = std::chrono::seconds(2);

Timestamp later(Timestamp time, std::int64_t seconds) {
    return Timestamp(time.microseconds() + seconds * 1'000'000);
}

Problem no_such_upload() {
    return not_found("There is no such upload, or it is not yours.");
}

Problem upload_expired() {
    return problem_named("upload_expired", "The upload has expired or was ended. Begin anew.");
}

Problem no_room() {
    CommandError error;
    error.fault = CommandFault::not_taking_commands;
    error.reason = "disk_almost_full";
    return problem_of(error);
}

Problem too_large(std::uint64_t bytes_max) {
    return http_problem(413, "A file has at most " + std::to_string(bytes_max) + " bytes here.");
}

}  // namespace

Uploads::Uploads(Options options, const Views& views, BlobStore blobs)
    : options_(std::move(options)), views_(views), blobs_(std::move(blobs)) {}

std::filesystem::path Uploads::record_of(const FileId& file) const {
    return directory() / (to_text(file) + std::string(upload_record_suffix));
}

std::filesystem::path Uploads::bytes_of(const FileId& file) const {
    return directory() / (to_text(file) + std::string(upload_bytes_suffix));
}

Problem Uploads::failed(const StoreError& error) const {
    if (options_.report) options_.report("an upload was not kept: " + describe(error));
    return error.fault == StoreFault::disk_full ? no_room() : problem_of(error);
}

Answer<void> Uploads::reserve(const FileId& file, const UploadRecord& record) {
    if (record.length > options_.file_bytes_max) return failure(too_large(options_.file_bytes_max));
    if (!options_.has_room(record.length)) return failure(no_room());
    forget_posted_of(record.owner);
    const std::lock_guard lock(mutex_);
    std::set<FileId>& own = of_owner_[record.owner];
    if (own.size() >= limits::uploads_per_user_max)
        return failure(problem_named(
            "user_has_too_many_uploads", "Post or end some of your uploads before beginning others."
        ));
    own.insert(file);
    entries_.emplace(file, Entry{.record = record, .is_busy = true});
    return {};
}

Answer<Uploads::State> Uploads::create(const NewUpload& upload) {
    const FileId file(options_.new_uuid());
    const Timestamp now = options_.clock();
    UploadRecord record{
        .owner = upload.owner,
        .length = upload.length,
        .filename = upload.filename,
        .metadata = upload.metadata,
        .created_at = now,
        .expires_at = later(now, limits::unfinished_upload_seconds),
        .finished = std::nullopt};
    if (auto reserved = reserve(file, record); !reserved) return failure(reserved.error());
    Hold held(*this, file, std::move(record));
    auto kept = write_record(file, held.record());
    if (kept && upload.length == 0) kept = finish(held);
    if (!kept) {
        forget(file);
        return failure(failed(kept.error()));
    }
    held.keep();
    return State{file, held.record()};
}

Answer<Attachment> Uploads::store(const NewUpload& upload, std::string_view bytes) {
    const FileId file(options_.new_uuid());
    const Timestamp now = options_.clock();
    UploadRecord record{
        .owner = upload.owner,
        .length = bytes.size(),
        .offset = bytes.size(),
        .filename = upload.filename,
        .metadata = upload.metadata,
        .created_at = now,
        .expires_at = later(now, limits::unposted_file_seconds),
        .finished = std::nullopt};
    if (auto reserved = reserve(file, record); !reserved) return failure(reserved.error());
    Hold held(*this, file, std::move(record));
    auto kept = write_chunk(file, 0, bytes);
    if (kept) kept = finish(held);
    if (!kept) {
        forget(file);
        return failure(failed(kept.error()));
    }
    held.keep();
    return *held.record().finished;
}

Answer<Uploads::Hold> Uploads::hold(const FileId& file, const UserId& owner) {
    std::unique_lock lock(mutex_);
    // Who pauses leaves a chunk behind that is still being written, and asks at once how far it
    // came.
    freed_.wait_for(lock, busy_wait, [&] {
        const auto known = entries_.find(file);
        return known == entries_.end() || !known->second.is_busy;
    });
    const auto known = entries_.find(file);
    if (known == entries_.end() || known->second.record.owner != owner)
        return failure(no_such_upload());
    Entry& entry = known->second;
    if (entry.is_broken || options_.clock() >= entry.record.expires_at)
        return failure(upload_expired());
    if (entry.is_busy)
        return failure(problem_named(
            "upload_is_busy", "Another request works on this upload. Send this one again."
        ));
    entry.is_busy = true;
    return Hold(*this, file, entry.record);
}

Answer<Uploads::State> Uploads::append(
    const FileId& file, const UserId& owner, std::uint64_t offset, std::string_view chunk
) {
    auto held = hold(file, owner);
    if (!held) return failure(held.error());
    return append_to(*held, offset, chunk);
}

Answer<Uploads::State> Uploads::append_to(
    Hold& held, std::uint64_t offset, std::string_view chunk
) {
    UploadRecord& record = held.record();
    if (offset != record.offset)
        return failure(problem_named(
            "upload_offset_mismatch", "The upload is at " + std::to_string(record.offset) + "."
        ));
    if (chunk.size() > record.length - record.offset)
        return failure(http_problem(413, "That is more than the Upload-Length announced."));
    if (!chunk.empty()) {
        if (!options_.has_room(chunk.size())) return failure(no_room());
        auto written = write_chunk(held.file(), offset, chunk);
        if (!written && written.error().fault == StoreFault::outcome_unknown) held.give_up();
        if (!written) return failure(failed(written.error()));
        record.offset += chunk.size();
        auto kept = write_record(held.file(), record);
        if (!kept) return failure(failed(kept.error()));
        held.keep();
    }
    if (record.offset == record.length && !record.finished) {
        auto finished = finish(held);
        if (!finished) return failure(failed(finished.error()));
        held.keep();
    }
    return State{held.file(), record};
}

Answer<Uploads::State> Uploads::state(const FileId& file, const UserId& owner) {
    auto held = hold(file, owner);
    if (!held) return failure(held.error());
    return append_to(*held, held->record().offset, {});
}

Answer<void> Uploads::terminate(const FileId& file, const UserId& owner) {
    auto held = hold(file, owner);
    if (!held) return failure(held.error());
    if (held->record().finished) {
        // A message with it may be on its way: the sweep looks once that must have arrived.
        held->record().expires_at = options_.clock();
        auto kept = write_record(file, held->record());
        if (!kept) return failure(failed(kept.error()));
        held->keep();
        return {};
    }
    if (auto removed = remove_unposted(file, held->record()); !removed)
        return failure(failed(removed.error()));
    forget(file);
    return {};
}

std::optional<Attachment> Uploads::find(const FileId& file, const UserId& owner) const {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(file);
    if (known == entries_.end() || known->second.record.owner != owner) return std::nullopt;
    if (options_.clock() >= known->second.record.expires_at) return std::nullopt;
    return known->second.record.finished;
}

void Uploads::forget(const FileId& file) {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(file);
    if (known == entries_.end()) return;
    const UploadRecord& record = known->second.record;
    if (record.finished) {
        const auto named = named_.find(record.finished->sha256);
        if (named != named_.end() && --named->second == 0) named_.erase(named);
    }
    const auto own = of_owner_.find(record.owner);
    if (own != of_owner_.end()) {
        own->second.erase(file);
        if (own->second.empty()) of_owner_.erase(own);
    }
    entries_.erase(known);
}

}  // namespace verbatim
