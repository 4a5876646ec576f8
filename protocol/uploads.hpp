#pragma once

#include "eventstore/blob_store.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"
#include "protocol/upload_record.hpp"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace verbatim {

// What somebody wants to upload.
struct NewUpload {
    UserId owner;
    std::uint64_t length = 0;
    std::string filename;  // checked: see read_filename()
    std::string metadata;  // to be shown again as it is
};

// Files on their way in, and those that are whole but not posted yet. What was posted is known by
// the log: its upload is forgotten, its blob stays.
//
//   <data>/uploads/<file id>.json   an UploadRecord, replaced as a whole
//   <data>/uploads/<file id>.part   its bytes, until they are whole and get their name in blobs/
//
// What was answered is durable. A chunk is written and synced before the record says so: after a
// crash at any moment an upload goes on where its record says, and what stands beyond is cut off.
// The record says what a whole file is before its bytes move: after a crash they move again.
//
// Threads:  any, at once. All but find() wait for the disk. Only one call at a time works on an
//           upload; another one is told 423 upload_is_busy.
// Lifetime: the views outlive it and are up to date when it is first called.
// Problems: 404 not_found (no such upload of this user), 410 upload_expired, 423 upload_is_busy,
//           503 storage_failed, 503 not_taking_commands with reason disk_almost_full.
class Uploads {
public:
    struct Options {
        std::filesystem::path data;
        std::uint64_t file_bytes_max = 0;
        std::function<Timestamp()> clock;
        std::function<Uuid()> new_uuid;  // UUIDv7
        // Whether so many more bytes may be written.
        std::function<bool(std::uint64_t bytes)> has_room;
        // Operating failures, for the log.
        std::function<void(const std::string&)> report;
        // Called before each change of the disk: tests stop here. May be empty.
        std::function<void()> before_change;
    };
    // Takes up what an earlier run has left. Errors: cannot_open, io_failed.
    [[nodiscard]] static StoreResult<std::unique_ptr<Uploads>> open(
        Options options, const Views& views
    );

    struct State {
        FileId file;
        UploadRecord record;
    };
    // Also 413 content_too_large, 409 user_has_too_many_uploads.
    [[nodiscard]] Answer<State> create(const NewUpload& upload);
    // Appends `chunk` at `offset`. Once all is there, finishes the file: that reads all of it.
    // Also 409 upload_offset_mismatch, 413 content_too_large.
    [[nodiscard]] Answer<State> append(
        const FileId& file, const UserId& owner, std::uint64_t offset, std::string_view chunk
    );
    // May have to finish a file whose bytes were whole when a crash came.
    [[nodiscard]] Answer<State> state(const FileId& file, const UserId& owner);
    // Bytes that were not whole go at once; a whole file when nobody can be posting it any more.
    [[nodiscard]] Answer<void> terminate(const FileId& file, const UserId& owner);
    // A whole file at once. As create() and append().
    [[nodiscard]] Answer<Attachment> store(const NewUpload& upload, std::string_view bytes);

    // A message with the file is in the log: its upload is done with, whatever becomes of the
    // message. Does not wait for the disk.
    void note_posted(const FileId& file);

    // A finished upload of this user that has neither been posted nor expired. Does not wait.
    [[nodiscard]] std::optional<Attachment> find(const FileId& file, const UserId& owner) const;
    [[nodiscard]] const BlobStore& blobs() const { return blobs_; }
    // Takes a file that came another way, as BlobStore::put does.
    [[nodiscard]] StoreResult<void> keep_blob(
        const Digest& digest, const std::filesystem::path& file
    );
    [[nodiscard]] std::uint64_t file_bytes_max() const { return options_.file_bytes_max; }

    // Removes all uploads of a user that were not posted, at once: nobody posts them any more.
    // False: a request still works on one; call again.
    [[nodiscard]] StoreResult<bool> forget_all_of(const UserId& owner);
    // Removes every blob that neither a message nor an upload names: what destroyed messages left.
    // Looks at each blob; ends early, as done, where `is_cancelled` says so.
    [[nodiscard]] StoreResult<void> sweep_blobs(const std::function<bool()>& is_cancelled);

    // Forgets uploads whose files were posted; removes what expired limits::file_grace_seconds ago,
    // and blobs that neither a message of the log nor another upload names.
    void sweep();

private:
    struct Entry {
        UploadRecord record;
        bool is_busy = false;
        bool was_posted = false;  // since the start
        bool is_broken = false;   // a sync failed: nobody knows what is on the disk
    };
    class Hold;

    Uploads(Options options, const Views& views, BlobStore blobs);
    [[nodiscard]] std::filesystem::path directory() const { return options_.data / "uploads"; }
    [[nodiscard]] std::filesystem::path record_of(const FileId& file) const;
    [[nodiscard]] std::filesystem::path bytes_of(const FileId& file) const;

    [[nodiscard]] StoreResult<void> take_up();
    [[nodiscard]] StoreResult<bool> take_up(const FileId& file, UploadRecord& record);
    [[nodiscard]] Answer<void> reserve(const FileId& file, const UploadRecord& record);
    [[nodiscard]] Answer<Hold> hold(const FileId& file, const UserId& owner);
    [[nodiscard]] Answer<State> append_to(Hold& held, std::uint64_t offset, std::string_view chunk);
    [[nodiscard]] StoreResult<void> write_chunk(
        const FileId& file, std::uint64_t offset, std::string_view chunk
    );
    [[nodiscard]] StoreResult<void> write_record(const FileId& file, const UploadRecord& record);
    [[nodiscard]] StoreResult<void> finish(Hold& held);
    [[nodiscard]] StoreResult<Attachment> examine(const FileId& file, const UploadRecord& record);
    [[nodiscard]] StoreResult<void> put_blob(const FileId& file, const Digest& digest);
    [[nodiscard]] StoreResult<bool> is_posted(const FileId& file) const;
    [[nodiscard]] StoreResult<bool> forget_at_once(const FileId& file);
    [[nodiscard]] StoreResult<void> remove_unless_named(const Digest& digest);
    [[nodiscard]] StoreResult<void> remove_unposted(const FileId& file, const UploadRecord& record);
    [[nodiscard]] StoreResult<void> sweep_one(const FileId& file, Timestamp now);
    void forget(const FileId& file);
    void forget_posted_of(const UserId& owner);
    void name_blob(const Digest& digest);
    [[nodiscard]] Problem failed(const StoreError& error) const;
    void before_change() const {
        if (options_.before_change) options_.before_change();
    }

    const Options options_;
    const Views& views_;
    BlobStore blobs_;
    mutable std::mutex mutex_;       // of what follows
    std::condition_variable freed_;  // an upload is no longer busy
    std::map<FileId, Entry> entries_;
    std::map<UserId, std::set<FileId>> of_owner_;
    std::map<Digest, std::size_t> named_;  // by how many finished entries
    std::mutex blobs_mutex_;  // held while a blob comes or goes; never taken under mutex_
};

}  // namespace verbatim
