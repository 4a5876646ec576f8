#include "tests/support/faulty_disk.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace verbatim::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

struct FileLengths {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
};

// How a change of a directory that was not synced is taken back.
struct Undo {
    std::string directory;
    std::string made;     // this name goes away; empty: none does
    std::string removed;  // this name comes back, from `kept`; empty: none does
    std::string kept;
};

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}
bool is_write_ahead_log(const std::string& path) {
    return path.ends_with(".log");
}

IOStatus status_of(FaultyDisk::Failure failure) {
    return failure == FaultyDisk::Failure::enospc ? IOStatus::NoSpace("no space left (planted)")
                                                  : IOStatus::IOError("input/output (planted)");
}

}  // namespace

class FaultyDisk::Files : public rocksdb::FileSystemWrapper {
public:
    explicit Files(std::unique_ptr<rocksdb::Env> memory)
        : FileSystemWrapper(memory->GetFileSystem()), memory_(std::move(memory)) {}

    [[nodiscard]] const char* Name() const override { return "FaultyDisk"; }

    IOStatus NewWritableFile(
        const std::string& path,
        const FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* result,
        IODebugContext* context
    ) override;
    IOStatus ReopenWritableFile(
        const std::string& path,
        const FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* result,
        IODebugContext* context
    ) override;
    IOStatus NewRandomAccessFile(
        const std::string& path,
        const FileOptions& options,
        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
        IODebugContext* context
    ) override;
    IOStatus NewDirectory(
        const std::string& path,
        const IOOptions& options,
        std::unique_ptr<rocksdb::FSDirectory>* result,
        IODebugContext* context
    ) override;
    IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override;
    IOStatus
    RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*)
        override;
    IOStatus LinkFile(const std::string&, const std::string&, const IOOptions&, IODebugContext*)
        override {
        return IOStatus::NotSupported();  // RocksDB then copies
    }

    // What the files and directories made here report. `status`: of carrying it out.
    IOStatus append(const std::string& path, const rocksdb::Slice& data, rocksdb::FSWritableFile&);
    IOStatus sync(const std::string& path);
    IOStatus sync_directory(const std::string& path);

    void restore(Tail tail);

    mutable std::mutex mutex;
    std::size_t operations = 0;
    std::optional<std::size_t> left;  // operations until the power goes
    bool off = false;
    std::optional<Failure> next_write;
    std::optional<Failure> next_sync;
    std::atomic<bool> reads_fail{false};

private:
    // Counts one operation; whether it still takes place. Under the mutex.
    [[nodiscard]] bool has_power() {
        ++operations;
        if (left && (*left)-- == 0) off = true;
        if (off) left.reset();
        return !off;
    }
    [[nodiscard]] static IOStatus no_power() { return IOStatus::IOError("the power is off"); }
    [[nodiscard]] bool exists(const std::string& path) {
        return target()->FileExists(path, {}, nullptr).ok();
    }
    // Puts `path` where no store looks, if it exists, and says where.
    [[nodiscard]] std::string put_aside(const std::string& path);
    void move(const std::string& from, const std::string& to);
    void cut(const std::string& path, FileLengths lengths, Tail tail);

    std::unique_ptr<rocksdb::Env> memory_;
    std::map<std::string, FileLengths> lengths_;
    std::vector<Undo> unsynced_;
    std::size_t aside_ = 0;
};

namespace {

template <class Files>
class TrackedFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    TrackedFile(Files& files, std::string path, std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

    IOStatus Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) override {
        return files_.append(path_, data, *target());
    }
    IOStatus
    Append(const rocksdb::Slice& data, const IOOptions&, const rocksdb::DataVerificationInfo&, IODebugContext*)
        override {
        return files_.append(path_, data, *target());
    }
    IOStatus Sync(const IOOptions&, IODebugContext*) override { return files_.sync(path_); }
    IOStatus Fsync(const IOOptions&, IODebugContext*) override { return files_.sync(path_); }
    IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
        return IOStatus::OK();  // sync_file_range promises nothing
    }

private:
    Files& files_;
    const std::string path_;
};

class FailingReads final : public rocksdb::FSRandomAccessFileOwnerWrapper {
public:
    FailingReads(const std::atomic<bool>& fail, std::unique_ptr<rocksdb::FSRandomAccessFile>&& file)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), fail_(fail) {}

    IOStatus Read(
        std::uint64_t offset,
        std::size_t size,
        const IOOptions& options,
        rocksdb::Slice* result,
        char* scratch,
        IODebugContext* context
    ) const override {
        if (fail_) return IOStatus::IOError("input/output (planted)");
        return FSRandomAccessFileWrapper::Read(offset, size, options, result, scratch, context);
    }

private:
    const std::atomic<bool>& fail_;
};

template <class Files>
class TrackedDirectory final : public rocksdb::FSDirectoryWrapper {
public:
    TrackedDirectory(
        Files& files, std::string path, std::unique_ptr<rocksdb::FSDirectory>&& directory
    )
        : FSDirectoryWrapper(std::move(directory)), files_(files), path_(std::move(path)) {}

    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        return files_.sync_directory(path_);
    }
    IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&)
        override {
        return files_.sync_directory(path_);
    }

private:
    Files& files_;
    const std::string path_;
};

}  // namespace

IOStatus FaultyDisk::Files::NewWritableFile(
    const std::string& path,
    const FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* result,
    IODebugContext* context
) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    const std::string kept = put_aside(path);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = target()->NewWritableFile(path, options, &file, context);
    if (!status.ok()) return status;
    unsynced_.push_back({directory_of(path), path, kept.empty() ? "" : path, kept});
    lengths_[path] = {};
    *result = std::make_unique<TrackedFile<Files>>(*this, path, std::move(file));
    return status;
}

IOStatus FaultyDisk::Files::ReopenWritableFile(
    const std::string& path,
    const FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* result,
    IODebugContext* context
) {
    if (!exists(path)) return NewWritableFile(path, options, result, context);
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = target()->ReopenWritableFile(path, options, &file, context);
    if (status.ok()) {
        *result = std::make_unique<TrackedFile<Files>>(*this, path, std::move(file));
    }
    return status;
}

IOStatus FaultyDisk::Files::NewRandomAccessFile(
    const std::string& path,
    const FileOptions& options,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
    IODebugContext* context
) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    IOStatus status = target()->NewRandomAccessFile(path, options, &file, context);
    if (status.ok()) *result = std::make_unique<FailingReads>(reads_fail, std::move(file));
    return status;
}

IOStatus FaultyDisk::Files::NewDirectory(
    const std::string& path,
    const IOOptions& options,
    std::unique_ptr<rocksdb::FSDirectory>* result,
    IODebugContext* context
) {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    IOStatus status = target()->NewDirectory(path, options, &directory, context);
    if (status.ok()) {
        *result = std::make_unique<TrackedDirectory<Files>>(*this, path, std::move(directory));
    }
    return status;
}

IOStatus FaultyDisk::Files::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    const std::string kept = put_aside(path);
    if (kept.empty()) return IOStatus::PathNotFound(path);
    unsynced_.push_back({directory_of(path), "", path, kept});
    return IOStatus::OK();
}

IOStatus FaultyDisk::Files::
    RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    if (!exists(from)) return IOStatus::PathNotFound(from);
    const std::string kept = put_aside(to);
    move(from, to);
    // Taken back in reverse: the file goes back to its old name, then what it replaced returns.
    if (!kept.empty()) unsynced_.push_back({directory_of(to), "", to, kept});
    unsynced_.push_back({directory_of(to), "", from, to});
    return IOStatus::OK();
}

IOStatus FaultyDisk::Files::append(
    const std::string& path, const rocksdb::Slice& data, rocksdb::FSWritableFile& file
) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    const auto failure =
        is_write_ahead_log(path) ? std::exchange(next_write, std::nullopt) : std::nullopt;
    const rocksdb::Slice part(data.data(), failure ? data.size() / 2 : data.size());
    IOStatus status = file.Append(part, {}, nullptr);
    lengths_[path].written += part.size();
    return failure ? status_of(*failure) : status;
}

IOStatus FaultyDisk::Files::sync(const std::string& path) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    const auto failure =
        is_write_ahead_log(path) ? std::exchange(next_sync, std::nullopt) : std::nullopt;
    if (failure) return status_of(*failure);
    lengths_[path].synced = lengths_[path].written;
    return IOStatus::OK();
}

IOStatus FaultyDisk::Files::sync_directory(const std::string& path) {
    const std::lock_guard lock(mutex);
    if (!has_power()) return no_power();
    std::erase_if(unsynced_, [&](const Undo& undo) { return undo.directory == path; });
    return IOStatus::OK();
}

void FaultyDisk::Files::restore(Tail tail) {
    const std::lock_guard lock(mutex);
    for (; !unsynced_.empty(); unsynced_.pop_back()) {
        const Undo& undo = unsynced_.back();
        if (!undo.made.empty()) static_cast<void>(put_aside(undo.made));
        if (!undo.removed.empty()) move(undo.kept, undo.removed);
    }
    for (auto& [path, lengths] : lengths_) {
        if (exists(path) && lengths.synced < lengths.written) cut(path, lengths, tail);
        lengths.synced = lengths.written;
    }
    off = false;
    left.reset();
    next_write.reset();
    next_sync.reset();
}

std::string FaultyDisk::Files::put_aside(const std::string& path) {
    if (!exists(path)) return {};
    const std::string place = "/aside/" + std::to_string(aside_++);
    move(path, place);
    return place;
}

void FaultyDisk::Files::move(const std::string& from, const std::string& to) {
    target()->RenameFile(from, to, {}, nullptr).PermitUncheckedError();
    const auto moved = lengths_.find(from);
    if (moved == lengths_.end()) return;
    lengths_[to] = moved->second;
    lengths_.erase(from);
}

void FaultyDisk::Files::cut(const std::string& path, FileLengths lengths, Tail tail) {
    std::uint64_t kept = lengths.synced;
    if (tail == Tail::torn) kept += (lengths.written - lengths.synced) / 2;
    std::string bytes;
    rocksdb::ReadFileToString(target(), path, &bytes).PermitUncheckedError();
    bytes.resize(kept);
    rocksdb::WriteStringToFile(target(), bytes, path).PermitUncheckedError();
    lengths_[path].written = kept;
}

namespace {

// After a failed flush RocksDB waits for a second, in case the disk gets better. This one doesn't.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
public:
    ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
    [[nodiscard]] const char* Name() const override { return "ImpatientClock"; }
    void SleepForMicroseconds(int) override { std::this_thread::yield(); }
};

class FaultyEnv final : public rocksdb::EnvWrapper {
public:
    explicit FaultyEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
        : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
        file_system_ = files;
        system_clock_ = std::make_shared<ImpatientClock>();
    }
    [[nodiscard]] const char* Name() const override { return "FaultyEnv"; }
};

}  // namespace

FaultyDisk::FaultyDisk()
    : files_(std::make_shared<Files>(
          std::unique_ptr<rocksdb::Env>(rocksdb::NewMemEnv(rocksdb::Env::Default()))
      )),
      env_(std::make_unique<FaultyEnv>(files_)) {}
FaultyDisk::~FaultyDisk() = default;

rocksdb::Env* FaultyDisk::env() {
    return env_.get();
}

std::size_t FaultyDisk::operations() const {
    const std::lock_guard lock(files_->mutex);
    return files_->operations;
}

void FaultyDisk::cut_power_after(std::size_t count) {
    const std::lock_guard lock(files_->mutex);
    files_->left = count;
}

bool FaultyDisk::power_is_off() const {
    const std::lock_guard lock(files_->mutex);
    return files_->off;
}

void FaultyDisk::restore_power(Tail tail) {
    files_->restore(tail);
}

void FaultyDisk::fail_next_write(Failure failure) {
    const std::lock_guard lock(files_->mutex);
    files_->next_write = failure;
}

void FaultyDisk::fail_next_sync(Failure failure) {
    const std::lock_guard lock(files_->mutex);
    files_->next_sync = failure;
}

void FaultyDisk::fail_reads() {
    files_->reads_fail = true;
}

}  // namespace verbatim::testing
