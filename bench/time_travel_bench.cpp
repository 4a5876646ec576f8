#include "bench/load/statistics.hpp"
#include "eventstore/event_log.hpp"
#include "projections/views.hpp"
#include "protocol/random.hpp"
#include "protocol/time_travel.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

// How long does it take to look back into a room of 1,000,000 events, at random moments of it?
namespace {

using namespace verbatim;

constexpr std::size_t events_per_batch = 2'048;
constexpr std::size_t page_items = 50;

std::uint64_t below(std::mt19937_64& random, std::uint64_t end) {
    return random() % end;
}
UserId user(std::uint64_t number) {
    Uuid id;
    for (std::size_t i = 0; i < 8; ++i)
        id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xff);
    return UserId(id);
}

// One busy room: people come and go, say, answer, correct, take back, mark and read.
class BusyRoom {
public:
    explicit BusyRoom(EventLog& log) : log_(log) {
        add(stream_of(room_), owner_, RoomEvent(created()));
        joined_.push_back(owner_);
    }

    void run(std::size_t events) {
        while (position_.value() < events) step();
        commit();
    }
    [[nodiscard]] RoomId room() const { return room_; }
    [[nodiscard]] UserId owner() const { return owner_; }

private:
    static RoomCreated created() {
        RoomCreated room;
        room.name = "bench";
        room.max_members = 100'000;
        return room;
    }
    void step() {
        const std::uint64_t what = below(random_, 1'000);
        const UserId someone = joined_[below(random_, joined_.size())];
        if (what < 20) return join();
        if (what < 25) return leave();
        if (what < 30) return in_room(owner_, pin());
        if (what < 31) return in_room(owner_, rename());
        if (sent_.empty() || what < 850) return send(someone);
        const Version seq = sent_[below(random_, sent_.size())];
        if (what < 900) return in_room(someone, MessageEdited{seq, text(), {}});
        if (what < 920) return in_room(someone, MessageDeleted{seq});
        if (what < 980) return in_room(someone, ReactionAdded{seq, "👍"});
        add(reader_stream_of(someone), someone, ReaderEvent(RoomRead{room_, seq}));
    }
    void join() {
        const UserId newcomer = user(++users_);
        add(stream_of(newcomer), newcomer, AccountEvent(registered()));
        in_room(newcomer, MemberJoined{newcomer, MemberRole::member, std::nullopt});
        joined_.push_back(newcomer);
    }
    UserRegistered registered() const {
        const std::string name = "user" + std::to_string(users_);
        return {.username = name, .display_name = name, .password_hash = "-"};
    }
    void leave() {
        if (joined_.size() < 2) return;
        const std::size_t who = 1 + below(random_, joined_.size() - 1);
        in_room(joined_[who], MemberLeft{joined_[who]});
        joined_[who] = joined_.back();
        joined_.pop_back();
    }
    void send(const UserId& sender) {
        MessageSent message;
        message.text = text();
        if (!sent_.empty() && below(random_, 10) == 0)
            message.reply_to = sent_[below(random_, sent_.size())];
        in_room(sender, message);
        sent_.push_back(versions_[stream_of(room_)]);
    }
    [[nodiscard]] RoomEvent pin() {
        if (sent_.empty()) return RoomUpdated{};
        const Version seq = sent_[below(random_, sent_.size())];
        if (pinned_.size() < 50) {
            pinned_.push_back(seq);
            return MessagePinned{seq};
        }
        const Version first = pinned_.front();
        pinned_.erase(pinned_.begin());
        return MessageUnpinned{first};
    }
    [[nodiscard]] RoomEvent rename() {
        RoomUpdated update;
        update.name = Text("bench " + std::to_string(position_.value()));
        return update;
    }
    [[nodiscard]] std::string text() {
        return std::string(100 + below(random_, 200), static_cast<char>('a' + below(random_, 26)));
    }

    void in_room(const UserId& actor, RoomEvent event) {
        add(stream_of(room_), actor, std::move(event));
    }
    void add(const StreamId& stream, const UserId& actor, Event event) {
        position_ = position_.next();
        versions_[stream] = versions_[stream].next();
        RecordedEvent recorded;
        recorded.position = position_;
        recorded.stream = stream;
        recorded.version = versions_[stream];
        recorded.at =
            Timestamp(1'700'000'000'000'000 + static_cast<std::int64_t>(position_.value()));
        recorded.actor = actor;
        recorded.event = std::move(event);
        batch_.events.push_back(std::move(recorded));
        if (batch_.events.size() >= events_per_batch) commit();
    }
    void commit() {
        if (!log_.commit(log_.prepare(std::exchange(batch_, {})))) std::abort();
    }

    EventLog& log_;
    std::mt19937_64 random_{7};
    const RoomId room_{user(1'000'000'000).value()};
    const UserId owner_ = user(1);
    std::uint64_t users_ = 1;
    std::vector<UserId> joined_;
    std::vector<Version> sent_;
    std::vector<Version> pinned_;
    Position position_;
    std::unordered_map<StreamId, Version> versions_;
    CommitBatch batch_;
};

struct Route {
    const char* name;
    std::function<bool(const PastRoom&, std::mt19937_64&)> ask;
};

void measure(
    const Views& views, const EventLog& log, const BusyRoom& busy, const Route& route, int asked
) {
    std::mt19937_64 random(11);
    bench::Histogram times;
    for (int i = 0; i < asked; ++i) {
        const Position as_of(1 + below(random, log.head().value()));
        const std::int64_t begun = bench::now_us();
        const auto past = past_room(views, log, busy.room(), busy.owner(), as_of);
        if (!past || !route.ask(*past, random)) std::abort();
        times.add(bench::now_us() - begun);
    }
    std::printf(
        "| %s, as_of, room of %llu events | ≤ 20 ms | p50 %.2f, p99 %.2f, max %.2f ms |\n",
        route.name,
        static_cast<unsigned long long>(log.head().value()),
        static_cast<double>(times.quantile(0.5)) / 1'000,
        static_cast<double>(times.quantile(0.99)) / 1'000,
        static_cast<double>(times.quantile(1)) / 1'000
    );
}

void measure_all(const Views& views, const EventLog& log, const BusyRoom& busy, int asked) {
    const Route routes[] = {
        {"room",
         [&](const PastRoom& past, std::mt19937_64&) {
             return past_room_json(views, log, past).has_value();
         }},
        {"50 members",
         [&](const PastRoom& past, std::mt19937_64& random) {
             const UserId after = user(below(random, 20'000));
             return past_members(views, log, past, after, page_items).has_value();
         }},
        {"newest 50 messages",
         [&](const PastRoom& past, std::mt19937_64&) {
             return past_messages(
                        views, log, past, {PageDirection::newest, Version(), page_items, {}}
             ).has_value();
         }},
        {"50 messages around a random one",
         [&](const PastRoom& past, std::mt19937_64& random) {
             const Version anchor(1 + below(random, past.moment.room_seq.value()));
             return past_messages(
                        views, log, past, {PageDirection::around, anchor, page_items, {}}
             ).has_value();
         }},
        {"50 receipts",
         [&](const PastRoom& past, std::mt19937_64& random) {
             const UserId after = user(below(random, 20'000));
             return past_receipts(views, past, after, page_items).has_value();
         }},
    };
    for (const Route& route : routes) measure(views, log, busy, route, asked);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const int asked = argc > 2 ? std::atoi(argv[2]) : 1'000;
    const auto folder = std::filesystem::temp_directory_path() /
                        ("time_travel_bench_" + std::to_string(bench::now_us()));
    std::filesystem::create_directories(folder);
    {
        auto log = open_rocks_event_log(
            (folder / "log").string(), random_bytes, new_uuid(system_now()), system_now()
        );
        if (!log) std::abort();
        BusyRoom busy(**log);
        busy.run(events);
        auto storage = open_views_storage((folder / "views").string());
        if (!storage) std::abort();
        Views views(std::move(*storage));
        if (!views.catch_up(**log, {})) std::abort();
        measure_all(views, **log, busy, asked);
    }
    std::filesystem::remove_all(folder);
    return 0;
}
