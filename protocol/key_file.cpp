#include "protocol/key_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sodium.h>
#include <span>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim {
namespace {

constexpr mode_t key_mode = 0600;
constexpr mode_t directory_mode = 0700;
constexpr mode_t others_mask = 0077;

StoreError cannot_open(const std::filesystem::path& path, const std::string& why) {
    return {.fault = StoreFault::cannot_open, .position = {}, .detail = path.string() + ": " + why};
}

StoreError system_failed(const std::filesystem::path& path) {
    return cannot_open(path, std::system_category().message(errno));
}

// Closes what it holds; close() itself is asked for errors by whoever has written.
class File {
public:
    File(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool sync() const { return ::fsync(descriptor_) == 0; }

private:
    int descriptor_;
};

bool read_all(const File& file, std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::read(file.descriptor(), bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool write_all(const File& file, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(file.descriptor(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return true;
}

// Why this is no key file of ours, for people.
std::optional<std::string> fault_in(const struct stat& status) {
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    if (status.st_uid != ::geteuid()) return "belongs to another user";
    if ((status.st_mode & others_mask) != 0)
        return "can be read or written by others than its owner: chmod 600 it, or remove it to "
               "have a new key made";
    if (status.st_size != static_cast<off_t>(Seed{}.size()))
        return "is not " + std::to_string(Seed{}.size()) + " bytes long";
    return std::nullopt;
}

// nullopt: there is no such file.
StoreResult<std::optional<Seed>> read_seed(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (!file.is_open() && errno == ENOENT) return std::optional<Seed>();
    if (!file.is_open()) return failure(system_failed(path));
    struct stat status {};
    if (::fstat(file.descriptor(), &status) != 0) return failure(system_failed(path));
    if (const auto fault = fault_in(status)) return failure(cannot_open(path, *fault));
    Seed seed{};
    if (!read_all(file, seed)) return failure(cannot_open(path, "could not be read"));
    return std::optional(seed);
}

StoreResult<void> sync_directory(const std::filesystem::path& directory) {
    const File file(directory, O_RDONLY | O_DIRECTORY);
    if (!file.is_open() || !file.sync()) return failure(system_failed(directory));
    return {};
}

StoreResult<void> make_directory(const std::filesystem::path& directory) {
    if (::mkdir(directory.c_str(), directory_mode) != 0) {
        if (errno == EEXIST) return {};
        return failure(system_failed(directory));
    }
    const auto parent = directory.parent_path();
    return sync_directory(parent.empty() ? "." : parent);
}

// Whole or not at all: it gets its name when all of it is on the disk.
StoreResult<void> write_seed(const std::filesystem::path& path, const Seed& seed) {
    std::filesystem::path unfinished = path;
    unfinished += ".new";
    if (::unlink(unfinished.c_str()) != 0 && errno != ENOENT)
        return failure(system_failed(unfinished));
    {
        const File file(unfinished, O_WRONLY | O_CREAT | O_EXCL, key_mode);
        const bool written = file.is_open() && ::fchmod(file.descriptor(), key_mode) == 0 &&
                             write_all(file, seed) && file.sync();
        if (!written) return failure(system_failed(unfinished));
    }
    if (::rename(unfinished.c_str(), path.c_str()) != 0) return failure(system_failed(path));
    return sync_directory(path.parent_path());
}

}  // namespace

StoreResult<Seed> read_or_make_seed(const std::filesystem::path& path) {
    if (auto made = make_directory(path.parent_path()); !made)
        return failure(std::move(made).error());
    auto kept = read_seed(path);
    if (!kept) return failure(std::move(kept).error());
    if (*kept) return **kept;

    if (sodium_init() < 0) return failure(cannot_open(path, "no source of randomness"));
    Seed seed{};
    randombytes_buf(seed.data(), seed.size());
    if (auto written = write_seed(path, seed); !written) return failure(std::move(written).error());
    return seed;
}

}  // namespace verbatim
