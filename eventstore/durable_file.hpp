#pragma once

#include "eventstore/store_error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

// Plain files whose content and names survive a power loss once the function that wrote them has
// returned. Threads: any; each call works on what it is given. Errors: cannot_open, io_failed (a
// read), disk_full and outcome_unknown (a write or its sync); the detail names the file.
namespace verbatim {

// A file descriptor, closed at the end of its life.
class FileHandle {
public:
    FileHandle() = default;
    explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
    FileHandle(FileHandle&& other) noexcept;
    FileHandle& operator=(FileHandle&& other) noexcept;
    ~FileHandle();

    [[nodiscard]] int descriptor() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

[[nodiscard]] StoreResult<FileHandle> open_to_read(const std::filesystem::path& file);
// Made when it is not there, readable by its owner only; a new name is not durable before
// sync_directory().
[[nodiscard]] StoreResult<FileHandle> open_to_write(const std::filesystem::path& file);

[[nodiscard]] StoreResult<std::uint64_t> size_of(const FileHandle& file);
// Up to `bytes_max` from `offset` on; less only at the file's end.
[[nodiscard]] StoreResult<std::string> read_at(
    const FileHandle& file, std::uint64_t offset, std::size_t bytes_max
);
[[nodiscard]] StoreResult<void> write_at(
    const FileHandle& file, std::uint64_t offset, std::string_view bytes
);
[[nodiscard]] StoreResult<void> cut_to(const FileHandle& file, std::uint64_t bytes);
[[nodiscard]] StoreResult<void> sync(const FileHandle& file);

[[nodiscard]] StoreResult<void> sync_directory(const std::filesystem::path& directory);
// With its parents, for the owner only, each name durable.
[[nodiscard]] StoreResult<void> make_directory(const std::filesystem::path& directory);
// The file has the old content or the new one, whatever happens meanwhile.
[[nodiscard]] StoreResult<void> replace_file(
    const std::filesystem::path& file, std::string_view bytes
);
// Takes the place of `to`, if there is one. Both directories are synced.
[[nodiscard]] StoreResult<void> move_file(
    const std::filesystem::path& from, const std::filesystem::path& to
);
// Success too when it is not there. The directory is not synced: after a power loss it may be back.
[[nodiscard]] StoreResult<void> remove_file(const std::filesystem::path& file);

// What replace_file() leaves behind when it is interrupted ends so.
inline constexpr std::string_view unfinished_suffix = ".new";

}  // namespace verbatim
