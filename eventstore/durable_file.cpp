#include "eventstore/durable_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim {
namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only = 0600;
constexpr mode_t owner_only_directory = 0700;

// The system's own words for what just failed. To be called before anything else may fail.
tl::unexpected<StoreError> failed(StoreFault fault, const std::string& what) {
    if (errno == ENOSPC || errno == EDQUOT) fault = StoreFault::disk_full;
    return failure(StoreError{fault, {}, what + ": " + std::generic_category().message(errno)});
}

StoreResult<FileHandle> open_as(const fs::path& file, int flags) {
    const int descriptor = ::open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, owner_only);
    if (descriptor < 0) return failed(StoreFault::cannot_open, "open " + file.string());
    return FileHandle(descriptor);
}

fs::path directory_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

FileHandle::FileHandle(FileHandle&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileHandle::~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

StoreResult<FileHandle> open_to_read(const fs::path& file) {
    return open_as(file, O_RDONLY);
}

StoreResult<FileHandle> open_to_write(const fs::path& file) {
    return open_as(file, O_RDWR | O_CREAT);
}

StoreResult<std::uint64_t> size_of(const FileHandle& file) {
    struct stat status {};
    if (::fstat(file.descriptor(), &status) != 0) return failed(StoreFault::io_failed, "stat");
    return static_cast<std::uint64_t>(status.st_size);
}

StoreResult<std::string> read_at(
    const FileHandle& file, std::uint64_t offset, std::size_t bytes_max
) {
    std::string bytes(bytes_max, '\0');
    std::size_t have = 0;
    while (have < bytes_max) {
        const ssize_t got = ::pread(
            file.descriptor(),
            bytes.data() + have,
            bytes_max - have,
            static_cast<off_t>(offset + have)
        );
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(StoreFault::io_failed, "read");
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

StoreResult<void> write_at(const FileHandle& file, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            ::pwrite(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return failed(StoreFault::outcome_unknown, "write");
        bytes.remove_prefix(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

StoreResult<void> cut_to(const FileHandle& file, std::uint64_t bytes) {
    if (::ftruncate(file.descriptor(), static_cast<off_t>(bytes)) != 0)
        return failed(StoreFault::outcome_unknown, "truncate");
    return {};
}

StoreResult<void> sync(const FileHandle& file) {
    if (::fdatasync(file.descriptor()) != 0) return failed(StoreFault::outcome_unknown, "sync");
    return {};
}

StoreResult<void> sync_directory(const fs::path& directory) {
    const auto handle = open_as(directory, O_RDONLY | O_DIRECTORY);
    if (!handle) return failure(handle.error());
    if (::fsync(handle->descriptor()) != 0)
        return failed(StoreFault::outcome_unknown, "sync " + directory.string());
    return {};
}

StoreResult<void> make_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), owner_only_directory) == 0)
        return sync_directory(directory_of(directory));
    if (errno == EEXIST) return {};
    if (errno != ENOENT || !directory.has_parent_path() || directory.parent_path() == directory)
        return failed(StoreFault::cannot_open, "make " + directory.string());
    if (auto made = make_directory(directory.parent_path()); !made) return made;
    if (::mkdir(directory.c_str(), owner_only_directory) != 0 && errno != EEXIST)
        return failed(StoreFault::cannot_open, "make " + directory.string());
    return sync_directory(directory_of(directory));
}

StoreResult<void> replace_file(const fs::path& file, std::string_view bytes) {
    const fs::path unfinished = file.string() + std::string(unfinished_suffix);
    {
        const auto handle = open_as(unfinished, O_WRONLY | O_CREAT | O_TRUNC);
        if (!handle) return failure(handle.error());
        if (auto written = write_at(*handle, 0, bytes); !written) return written;
        if (auto synced = sync(*handle); !synced) return synced;
    }
    if (::rename(unfinished.c_str(), file.c_str()) != 0)
        return failed(StoreFault::outcome_unknown, "rename to " + file.string());
    return sync_directory(directory_of(file));
}

StoreResult<void> move_file(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0)
        return failed(StoreFault::outcome_unknown, "rename to " + to.string());
    if (auto synced = sync_directory(directory_of(to)); !synced) return synced;
    return sync_directory(directory_of(from));
}

StoreResult<void> remove_file(const fs::path& file) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        return failed(StoreFault::outcome_unknown, "remove " + file.string());
    return {};
}

}  // namespace verbatim
