#include "eventstore/checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace verbatim {
namespace {

namespace fs = std::filesystem;

// One verification takes about 0.1 ms, and a busy day makes 86,400 notes.
constexpr std::size_t signatures_verified_max = 1'000;
constexpr std::int64_t hour_us = std::int64_t{3'600} * 1'000'000;
constexpr std::int64_t day_us = 24 * hour_us;
constexpr mode_t owner_only = 0600;

struct Note {
    std::string_view text;
    TreeHead head;
};

// The system's own words for what just failed. To be called before anything else may fail.
tl::unexpected<StoreError> failed(StoreFault fault, std::string what, const fs::path& file) {
    const std::string reason = std::generic_category().message(errno);
    return failure(StoreError{fault, {}, std::move(what) + " " + file.string() + ": " + reason});
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(int descriptor, std::string& bytes) {
    std::array<char, 64 * 1024> piece{};
    while (true) {
        const ssize_t got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        bytes.append(piece.data(), static_cast<std::size_t>(got));
    }
}

// A new name in a directory survives a power loss only once the directory was synced itself.
bool sync_directory_of(const fs::path& file) {
    const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0;
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    return synced;
}

int open_to_append(const fs::path& file) {
    const int existing = ::open(file.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    if (existing >= 0 || errno != ENOENT) return existing;
    const int made =
        ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, owner_only);
    if (made < 0 || sync_directory_of(file)) return made;
    const int reason = errno;
    ::close(made);
    errno = reason;
    return -1;
}

bool replace_with(const fs::path& file, std::string_view bytes) {
    const fs::path temporary = file.string() + ".new";
    const int descriptor =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only);
    if (descriptor < 0) return false;
    const bool written = write_all(descriptor, bytes) && ::fsync(descriptor) == 0;
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    return written && ::rename(temporary.c_str(), file.c_str()) == 0 && sync_directory_of(file);
}

// Where the first note of `text` ends: after the one signature line that follows its blank line.
std::size_t end_of_note(std::string_view text) {
    const std::size_t blank_line = text.find("\n\n");
    if (blank_line == std::string_view::npos) return std::string_view::npos;
    const std::size_t newline = text.find('\n', blank_line + 2);
    return newline == std::string_view::npos ? newline : newline + 1;
}

struct Pieces {
    std::vector<std::string_view> whole;
    std::size_t bytes = 0;  // of all of them; what follows is an unfinished note
};

// A file system may have kept the end of the last write and lost its beginning, which then reads as
// zeros: no note holds any.
Pieces split(std::string_view file) {
    Pieces pieces;
    while (true) {
        const std::string_view left = file.substr(pieces.bytes);
        const std::size_t end = end_of_note(left);
        if (end == std::string_view::npos) return pieces;
        const std::string_view note = left.substr(0, end);
        if (end == left.size() && note.find('\0') != std::string_view::npos) return pieces;
        pieces.whole.push_back(note);
        pieces.bytes += end;
    }
}

StoreResult<std::vector<Note>> parse(
    const std::vector<std::string_view>& whole, const std::string& verifier_key
) {
    std::vector<Note> notes;
    notes.reserve(whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const bool is_recent = whole.size() - i <= signatures_verified_max;
        auto head =
            is_recent ? verify_checkpoint(whole[i], verifier_key) : read_checkpoint(whole[i]);
        const std::string which = "checkpoint note " + std::to_string(i + 1);
        if (!head)
            return failure(StoreError{
                StoreFault::corrupt_record, {}, which + " is not one signed by this log's key"});
        if (!notes.empty() && head->size < notes.back().head.size)
            return failure(StoreError{
                StoreFault::corrupt_record,
                Position(head->size),
                which + " is of a smaller log than the note before it"});
        notes.push_back({whole[i], std::move(*head)});
    }
    return notes;
}

// Of notes more than a day older than the newest, the last of each hour.
std::string thinned(const std::vector<Note>& notes) {
    std::string kept;
    for (std::size_t i = 0; i < notes.size(); ++i) {
        const std::int64_t at = notes[i].head.at.microseconds();
        const bool is_old = notes.back().head.at.microseconds() - at > day_us;
        const bool is_last_of_hour =
            i + 1 == notes.size() || notes[i + 1].head.at.microseconds() / hour_us != at / hour_us;
        if (!is_old || is_last_of_hour) kept += notes[i].text;
    }
    return kept;
}

}  // namespace

StoreResult<std::vector<std::string>> read_notes(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failed(StoreFault::cannot_open, "open", file);
    std::string bytes;
    const bool was_read = read_all(descriptor, bytes);
    auto fault = failed(StoreFault::cannot_open, "read", file);
    ::close(descriptor);
    if (!was_read) return fault;
    std::vector<std::string> notes;
    for (const std::string_view note : split(bytes).whole) notes.emplace_back(note);
    return notes;
}

StoreResult<std::unique_ptr<CheckpointFile>> CheckpointFile::open(
    const fs::path& file, const std::string& verifier_key
) {
    std::unique_ptr<CheckpointFile> opened(new CheckpointFile(file));
    auto loaded = opened->load(verifier_key);
    if (!loaded) return failure(std::move(loaded.error()));
    return opened;
}

StoreResult<void> CheckpointFile::load(const std::string& verifier_key) {
    descriptor_ = open_to_append(file_);
    if (descriptor_ < 0) return failed(StoreFault::cannot_open, "open", file_);
    std::string bytes;
    if (!read_all(descriptor_, bytes)) return failed(StoreFault::cannot_open, "read", file_);

    const Pieces pieces = split(bytes);
    const auto notes = parse(pieces.whole, verifier_key);
    if (!notes) return failure(notes.error());
    if (pieces.bytes != bytes.size() &&
        (::ftruncate(descriptor_, static_cast<off_t>(pieces.bytes)) != 0 ||
         ::fsync(descriptor_) != 0))
        return failed(StoreFault::cannot_open, "cut the torn end off", file_);
    if (notes->empty()) return {};

    last_ = notes->back().head;
    last_note_ = notes->back().text;
    const std::string kept = thinned(*notes);
    if (kept.size() == pieces.bytes) return {};
    if (!replace_with(file_, kept)) return failed(StoreFault::cannot_open, "thin", file_);
    ::close(descriptor_);
    descriptor_ = open_to_append(file_);
    if (descriptor_ < 0) return failed(StoreFault::cannot_open, "open", file_);
    return {};
}

CheckpointFile::~CheckpointFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

StoreResult<void> CheckpointFile::append(const std::string& note, const TreeHead& head) {
    if (descriptor_ < 0)
        return failure(StoreError{
            StoreFault::outcome_unknown, {}, "an earlier write to " + file_.string() + " failed"});
    if (!write_all(descriptor_, note) || ::fdatasync(descriptor_) != 0) {
        auto error = failed(StoreFault::outcome_unknown, "append to", file_);
        // A further note would stand behind half of this one.
        ::close(descriptor_);
        descriptor_ = -1;
        return error;
    }
    last_ = head;
    last_note_ = note;
    return {};
}

}  // namespace verbatim
