#include "domain/limits.hpp"
#include "protocol/upload_hold.hpp"
#include "protocol/uploads.hpp"

#include <chrono>
#include <vector>

namespace verbatim {

namespace {

// For the request that works on an upload which is to go.
constexpr std::chrono::milliseconds busy_wait{100};

}  // namespace

void Uploads::note_posted(const FileId& file) {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(file);
    if (known != entries_.end()) known->second.was_posted = true;
}

StoreResult<bool> Uploads::is_posted(const FileId& file) const {
    {
        const std::lock_guard lock(mutex_);
        const auto known = entries_.find(file);
        if (known != entries_.end() && known->second.was_posted) return true;
    }
    const auto posted = views_.posted_files().file(file);
    if (!posted) return failure(posted.error());
    return posted->has_value();
}

// In an order that take_up() understands wherever it is interrupted: a finished record without its
// blob was to go, and so were bytes without a record.
StoreResult<void> Uploads::remove_unposted(const FileId& file, const UploadRecord& record) {
    if (record.finished) {
        const Digest& digest = record.finished->sha256;
        const std::lock_guard lock(blobs_mutex_);
        const auto in_log = views_.posted_files().names(digest);
        if (!in_log) return failure(in_log.error());
        bool is_last = false;
        {
            const std::lock_guard entries_lock(mutex_);
            const auto named = named_.find(digest);
            is_last = named != named_.end() && named->second == 1;
        }
        before_change();
        if (is_last && !*in_log)
            if (auto removed = blobs_.remove(digest); !removed) return removed;
    }
    before_change();
    if (auto removed = remove_file(record_of(file)); !removed) return removed;
    before_change();
    return remove_file(bytes_of(file));
}

void Uploads::forget_posted_of(const UserId& owner) {
    std::vector<FileId> own;
    {
        const std::lock_guard lock(mutex_);
        const auto known = of_owner_.find(owner);
        if (known == of_owner_.end() || known->second.size() < limits::uploads_per_user_max) return;
        own.assign(known->second.begin(), known->second.end());
    }
    const Timestamp now = options_.clock();
    for (const FileId& file : own) {
        const auto swept = sweep_one(file, now);
        if (!swept && options_.report) options_.report(describe(swept.error()));
    }
}

StoreResult<bool> Uploads::forget_all_of(const UserId& owner) {
    std::vector<FileId> own;
    {
        const std::lock_guard lock(mutex_);
        const auto known = of_owner_.find(owner);
        if (known != of_owner_.end()) own.assign(known->second.begin(), known->second.end());
    }
    bool is_done = true;
    for (const FileId& file : own) {
        auto forgotten = forget_at_once(file);
        if (!forgotten) return forgotten;
        is_done &= *forgotten;
    }
    return is_done;
}

StoreResult<void> Uploads::remove_unless_named(const Digest& digest) {
    const std::lock_guard lock(blobs_mutex_);
    {
        const std::lock_guard entries_lock(mutex_);
        if (named_.contains(digest)) return {};
    }
    const auto in_log = views_.posted_files().names(digest);
    if (!in_log) return failure(in_log.error());
    if (*in_log) return {};
    before_change();
    return blobs_.remove(digest);
}

StoreResult<void> Uploads::sweep_blobs(const std::function<bool()>& is_cancelled) {
    const auto blobs = blobs_.all();
    if (!blobs) return failure(blobs.error());
    for (const Digest& digest : *blobs) {
        if (is_cancelled()) return {};
        if (auto removed = remove_unless_named(digest); !removed) return removed;
    }
    return {};
}

StoreResult<bool> Uploads::forget_at_once(const FileId& file) {
    UploadRecord record;
    {
        std::unique_lock lock(mutex_);
        auto known = entries_.end();
        const bool is_free = freed_.wait_for(lock, busy_wait, [&] {
            known = entries_.find(file);
            return known == entries_.end() || !known->second.is_busy;
        });
        if (!is_free) return false;
        if (known == entries_.end()) return true;
        known->second.is_busy = true;
        record = known->second.record;
    }
    const Hold held(*this, file, record);
    if (auto removed = remove_unposted(file, record); !removed) return failure(removed.error());
    forget(file);
    return true;
}

StoreResult<void> Uploads::sweep_one(const FileId& file, Timestamp now) {
    UploadRecord record;
    {
        const std::lock_guard lock(mutex_);
        const auto known = entries_.find(file);
        if (known == entries_.end() || known->second.is_busy) return {};
        known->second.is_busy = true;
        record = known->second.record;
    }
    const Hold held(*this, file, record);
    if (record.finished) {
        const auto posted = is_posted(file);
        if (!posted) return failure(posted.error());
        if (*posted) {
            before_change();
            if (auto removed = remove_file(record_of(file)); !removed) return removed;
            forget(file);
            return {};
        }
    }
    const std::int64_t gone_at =
        record.expires_at.microseconds() + limits::file_grace_seconds * 1'000'000;
    if (now.microseconds() < gone_at) return {};
    if (auto removed = remove_unposted(file, record); !removed) return removed;
    forget(file);
    return {};
}

void Uploads::sweep() {
    std::vector<FileId> files;
    {
        const std::lock_guard lock(mutex_);
        files.reserve(entries_.size());
        for (const auto& [file, entry] : entries_) files.push_back(file);
    }
    const Timestamp now = options_.clock();
    for (const FileId& file : files) {
        const auto swept = sweep_one(file, now);
        if (!swept && options_.report)
            options_.report("an old upload was not removed: " + describe(swept.error()));
    }
}

}  // namespace verbatim
