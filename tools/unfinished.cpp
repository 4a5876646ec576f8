#include "tools/unfinished.hpp"

#include "eventstore/durable_file.hpp"

#include <system_error>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr const char* marker_name = "unfinished";
constexpr std::size_t marker_bytes_max = 4096;

StoreError cannot(const fs::path& data, const std::string& why) {
    return {StoreFault::cannot_open, {}, data.string() + ": " + why};
}

StoreResult<void> clear(const fs::path& data) {
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(data, fault)) {
        if (entry.path().filename() == marker_name) continue;
        fs::remove_all(entry.path(), fault);
        if (fault) break;
    }
    if (fault) return failure(cannot(data, "cannot be cleared: " + fault.message()));
    return {};
}

}  // namespace

StoreResult<void> begin_filling(const fs::path& data, const std::string& what) {
    if (auto made = make_directory(data); !made) return made;
    if (unfinished_in(data))
        if (auto cleared = clear(data); !cleared) return cleared;
    std::error_code fault;
    const bool is_empty =
        fs::directory_iterator(data, fault) == fs::directory_iterator() || unfinished_in(data);
    if (fault) return failure(cannot(data, fault.message()));
    if (!is_empty)
        return failure(cannot(data, "is not empty. Choose a directory that is, or a new one"));
    return replace_file(data / marker_name, what);
}

StoreResult<void> end_filling(const fs::path& data) {
    if (auto removed = remove_file(data / marker_name); !removed) return removed;
    return sync_directory(data);
}

std::optional<std::string> unfinished_in(const fs::path& data) {
    const auto marker = open_to_read(data / marker_name);
    if (!marker) return std::nullopt;
    return read_at(*marker, 0, marker_bytes_max).value_or("something");
}

}  // namespace verbatim
