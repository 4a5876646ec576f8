#include "bench/load/statistics.hpp"
#include "projections/search_index.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>
#include <vector>

// A log of a million messages is indexed from nothing, then searched: how many messages a second,
// and how long the rare and the common, the narrow and the wide searches take.
//
//     search_bench [MESSAGES] [SEARCHES OF EACH KIND]
namespace {

using namespace verbatim;
using Clock = std::chrono::steady_clock;

constexpr std::size_t users = 5'000;
constexpr std::size_t rooms = 2'000;
constexpr std::size_t vocabulary = 50'000;
constexpr std::size_t characters = 3'000;  // of Chinese, as in daily use
constexpr std::size_t events_per_batch = 2'000;

template <class Id>
Id id(std::uint64_t kind, std::uint64_t number) {
    Uuid uuid{.bytes = {static_cast<std::uint8_t>(kind)}};
    for (std::size_t i = 0; i < 8; ++i)
        uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xff);
    return Id(uuid);
}
RoomId room(std::size_t number) {
    return id<RoomId>(1, number);
}
UserId user(std::size_t number) {
    return id<UserId>(2, number);
}

// Words as people use them: the n-th most frequent is n times as rare as the first (Zipf).
class Zipf {
public:
    explicit Zipf(std::size_t size) : sums_(size) {
        double sum = 0;
        for (std::size_t i = 0; i < size; ++i) sums_[i] = sum += 1.0 / static_cast<double>(i + 1);
    }
    template <class Random>
    std::size_t operator()(Random& random) const {
        const double at = std::uniform_real_distribution<>(0, sums_.back())(random);
        return static_cast<std::size_t>(
            std::lower_bound(sums_.begin(), sums_.end(), at) - sums_.begin()
        );
    }

private:
    std::vector<double> sums_;
};

std::string word(std::size_t rank) {
    std::string text;
    for (std::size_t left = rank + 30; left > 0; left /= 21)
        (text += "bcdfghjklmnpqrstvwxyz"[left % 21]) += "aeiou"[left % 5];
    return text;
}
std::string character(std::size_t rank) {
    const auto code = static_cast<unsigned>(0x4e00 + rank * 6);
    return {
        static_cast<char>(0xe0 | code >> 12),
        static_cast<char>(0x80 | (code >> 6 & 0x3f)),
        static_cast<char>(0x80 | (code & 0x3f))};
}

class Author {
public:
    std::string text() {
        std::string text;
        if (random_() % 4 == 0) {
            std::size_t last = characters;
            for (std::size_t i = 0; i < 20; ++i) {
                std::size_t rank = characters_(random_);
                if (last == 0 && rank == 1) rank = 2;  // these two are never neighbours
                text += character(rank);
                last = rank;
            }
            return text;
        }
        for (std::size_t i = 0; i < 12; ++i) text += word(words_(random_)) + ' ';
        return text;
    }
    RoomId in() { return room(rooms_(random_)); }
    UserId by() { return user(users_(random_)); }

private:
    std::mt19937_64 random_{7};
    Zipf words_{vocabulary};
    Zipf characters_{characters};
    Zipf rooms_{rooms};
    Zipf users_{users};
};

std::unique_ptr<EventLog> make_log(const std::string& directory, std::size_t messages) {
    std::mt19937_64 salts(3);
    const auto random = [&salts](std::span<std::uint8_t> bytes) {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(salts());
    };
    auto log = *open_rocks_event_log(directory, random, Uuid{.bytes = {9}}, Timestamp(1));
    Author author;
    std::vector<Version> versions(rooms + 1);
    for (std::uint64_t position = 1; position <= messages;) {
        CommitBatch batch;
        for (std::size_t i = 0; i < events_per_batch && position <= messages; ++i, ++position) {
            const RoomId in = author.in();
            Version& version = versions[in.value().bytes[15] + 256u * in.value().bytes[14]];
            version = version.next();
            MessageSent message;
            message.text = author.text();
            batch.events.push_back(
                {.position = Position(position),
                 .stream = stream_of(in),
                 .version = version,
                 .id = id<EventId>(3, position),
                 .command = id<CommandId>(4, position),
                 .at = Timestamp(
                     1'700'000'000'000'000 + static_cast<std::int64_t>(position) * 30'000'000
                 ),
                 .occurred_at = std::nullopt,
                 .actor = author.by(),
                 .key = std::nullopt,
                 .event = RoomEvent(std::move(message))}
            );
        }
        if (!log->commit(log->prepare(batch))) std::abort();
    }
    return log;
}

void index(
    SearchIndex& index, const EventLog& log, std::mutex& mutex, std::condition_variable& more
) {
    const auto begun = Clock::now();
    const std::clock_t cpu_before = std::clock();
    index.start();
    std::unique_lock lock(mutex);
    more.wait(lock, [&] { return index.position() == log.head(); });
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    std::printf(
        "indexed %llu messages in %.1f s (%.1f s of processor time): %.0f/s, %.0f MiB\n",
        static_cast<unsigned long long>(log.head().value()),
        seconds,
        static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC,
        static_cast<double>(log.head().value()) / seconds,
        static_cast<double>(index.disk_bytes()) / (1 << 20)
    );
}

struct Kind {
    const char* name;
    std::function<std::string(std::mt19937_64&)> words;
    std::size_t rooms_from = 0;  // the caller's rooms, by how busy they are
    std::size_t rooms_to = rooms;
    bool by_author = false;
    bool in_time = false;
};

void search(SearchIndex& index, const Kind& kind, std::size_t searches) {
    std::mt19937_64 random(11);
    const SearchView view{
        .may_see = [](const RoomId&, Version) { return StoreResult<bool>(true); },
        .text_now = [](const SearchHit&) { return StoreResult<std::optional<std::string>>(""); }};
    std::vector<std::int64_t> times;
    std::size_t late = 0;
    for (std::size_t i = 0; i < searches; ++i) {
        SearchQuery query;
        query.text = kind.words(random);
        for (std::size_t n = kind.rooms_from; n < kind.rooms_to; ++n)
            query.rooms.push_back(room(n));
        if (kind.by_author) query.from = user(random() % 200);
        if (kind.in_time) {
            query.since = Timestamp(1'705'000'000'000'000);
            query.until = Timestamp(1'707'000'000'000'000);
        }
        const std::int64_t begun = bench::now_us();
        const auto found = index.find(query, view, Clock::now() + std::chrono::seconds(2));
        times.push_back(bench::now_us() - begun);
        late += !found;
    }
    std::ranges::sort(times);
    const auto at = [&](double part) {
        return static_cast<double>(
                   times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]
               ) /
               1'000;
    };
    std::printf(
        "%-44s p50 %7.2f ms  p99 %7.2f ms  max %7.2f ms  late %zu\n",
        kind.name,
        at(0.5),
        at(0.99),
        at(1),
        late
    );
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t messages = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const std::size_t searches = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200;
    const auto folder = std::filesystem::temp_directory_path() /
                        ("search_bench_" + std::to_string(bench::now_us()));
    std::filesystem::create_directories(folder);
    {
        const auto log = make_log((folder / "log").string(), messages);
        std::mutex mutex;
        std::condition_variable more;
        SearchIndex search_index(
            *log,
            {.file = folder / "search.sqlite",
             .report = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); },
             .advanced =
                 [&](Position) {
                     const std::lock_guard lock(mutex);
                     more.notify_all();
                 }}
        );
        index(search_index, *log, mutex, more);
        const auto common = [](std::mt19937_64& random) { return word(random() % 5); };
        const auto rare = [](std::mt19937_64& random) {
            return word(vocabulary / 2 + random() % 1'000);
        };
        const auto two_common = [](std::mt19937_64& random) {
            return word(random() % 20) + ' ' + word(20 + random() % 20);
        };
        const auto chinese = [](std::mt19937_64& random) {
            return character(random() % 300) + character(random() % 300);
        };
        const auto never_neighbours = [](std::mt19937_64&) { return character(0) + character(1); };
        const Kind kinds[] = {
            {"two most common characters, never together", never_neighbours},
            {"the same in 20 busy rooms", never_neighbours, 0, 20},
            {"rare word, all 2,000 rooms", rare},
            {"common word, all 2,000 rooms", common},
            {"two common words, all 2,000 rooms", two_common},
            {"two Chinese characters, all 2,000 rooms", chinese},
            {"rare word, 20 quiet rooms", rare, 1'900, 1'920},
            {"common word, 20 quiet rooms", common, 1'900, 1'920},
            {"common word, 500 quiet rooms", common, 1'400, 1'900},
            {"two Chinese characters, 20 quiet rooms", chinese, 1'900, 1'920},
            {"common word, one busy room", common, 0, 1},
            {"common word, one quiet room", common, 1'999, 2'000},
            {"common word, by one of 200 users", common, 0, rooms, true},
            {"rare word, by one of 200 users", rare, 0, rooms, true},
            {"common word, three weeks of last year", common, 0, rooms, false, true},
            {"word that nobody used", [](std::mt19937_64&) { return std::string("qqq"); }},
        };
        for (const Kind& kind : kinds) search(search_index, kind, searches);
    }
    std::filesystem::remove_all(folder);
    return 0;
}
