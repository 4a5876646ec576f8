#include "bench/load/statistics.hpp"
#include "eventstore/event_log.hpp"
#include "protocol/random.hpp"
#include "tools/backup.hpp"
#include "tools/epoch.hpp"
#include "tools/restore.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

// How long do a first backup, one that follows it, and a restore take, each with the verification
// of the whole log that it ends with?
//     build/release/bench/backup_bench EMPTY_DIRECTORY [EVENTS]
namespace {

namespace fs = std::filesystem;
using namespace verbatim;

constexpr std::uint64_t usual_events = 1'000'000;
constexpr std::uint64_t later_events = 10'000;
constexpr std::uint64_t events_per_batch = 1'024;
constexpr std::size_t text_bytes = 200;
constexpr std::size_t blobs = 64;
constexpr std::size_t blob_bytes = 4u << 20;

template <class Result>
auto value_of(Result result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
    std::abort();
}

class Writer {
public:
    explicit Writer(fs::path data) : data_(std::move(data)) {}

    void write(std::uint64_t events) {
        const auto log = value_of(open_rocks_event_log(
            (data_ / "log").string(), random_bytes, new_uuid(system_now()), system_now()
        ));
        for (std::uint64_t left = events; left > 0;) {
            CommitBatch batch;
            for (; left > 0 && batch.events.size() < events_per_batch; --left)
                batch.events.push_back(next(Position(log->head().value() + batch.events.size() + 1))
                );
            if (!log->commit(log->prepare(batch))) std::abort();
        }
        if (!begin_tree_heads(data_, *log)) std::abort();
    }

private:
    RecordedEvent next(Position position) {
        version_ = version_.next();
        RoomEvent event = RoomCreated();
        if (version_.value() > 1) {
            MessageSent sent;
            sent.text = std::string(text_bytes, 'm');
            event = std::move(sent);
        }
        return {
            .position = position,
            .stream = stream_of(room_),
            .version = version_,
            .id = EventId(new_uuid(system_now())),
            .command = CommandId(new_uuid(system_now())),
            .at = Timestamp(static_cast<std::int64_t>(position.value())),
            .occurred_at = std::nullopt,
            .actor = UserId(room_.value()),
            .key = std::nullopt,
            .event = Event(event)};
    }

    const fs::path data_;
    const RoomId room_{new_uuid(system_now())};
    Version version_;
};

void write_blobs(const fs::path& data) {
    for (std::size_t i = 0; i < blobs; ++i) {
        std::string bytes(blob_bytes, static_cast<char>('a' + i % 26));
        bytes += std::to_string(i);
        const std::string name = hex_text(sha256({bytes}));
        fs::create_directories(data / "blobs" / name.substr(0, 2));
        std::ofstream(data / "blobs" / name.substr(0, 2) / name, std::ios::binary) << bytes;
    }
}

std::uint64_t bytes_in(const fs::path& directory) {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory))
        if (entry.is_regular_file()) bytes += entry.file_size();
    return bytes;
}

template <class Work>
void measure(const char* what, std::uint64_t events, std::uint64_t bytes, const Work& work) {
    const std::int64_t start = bench::now_us();
    if (work() != 0) std::abort();
    const double seconds = static_cast<double>(bench::now_us() - start) / 1e6;
    std::printf(
        "| %s | %.2f s | %.0f events/s | %.0f MB/s |\n",
        what,
        seconds,
        static_cast<double>(events) / seconds,
        static_cast<double>(bytes) / seconds / 1e6
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const fs::path place = argv[1];
    const std::uint64_t events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : usual_events;
    const fs::path data = place / "data";
    const BackupOptions backing_up{
        .data = data, .to = place / "backups", .keys_to = place / "keys", .keep = 0, .json = true};
    const RestoreOptions restoring{
        .from = place / "backups",
        .data = place / "restored",
        .keys_from = place / "keys",
        .json = true};
    fs::create_directories(data);
    Writer writer(data);
    writer.write(events);
    write_blobs(data);
    const std::uint64_t bytes = bytes_in(data / "log") + bytes_in(data / "blobs");
    measure("first backup, verified", events, bytes, [&] { return backup(backing_up); });
    writer.write(later_events);
    measure("a backup 1 % later, all verified", events + later_events, bytes, [&] {
        return backup(backing_up);
    });
    measure("restore, verified", events + later_events, bytes, [&] { return restore(restoring); });
    return 0;
}
