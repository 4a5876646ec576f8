#include "bench/load/statistics.hpp"
#include "protocol/random.hpp"
#include "tools/engine.hpp"

#include <cstdio>
#include <future>
#include <semaphore>
#include <string>
#include <vector>

// A room of 1,000,000 messages and 10,000 members is cold after a restart. How long does its first
// command take, and do commands to other rooms notice?
namespace {

using namespace verbatim;

constexpr std::size_t members = 10'000;
constexpr std::size_t messages = 1'000'000;
constexpr std::ptrdiff_t in_flight = 256;

std::unique_ptr<Engine> open_engine(const std::string& data) {
    EngineOptions options;
    options.data = data;
    options.report = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); };
    auto engine = Engine::open(std::move(options));
    if (!engine || !(*engine)->catch_up([](const RebuildProgress&) {})) std::abort();
    (*engine)->start();
    return std::move(*engine);
}

Submission submission_of(const StreamId& stream, Command command, const UserId& actor) {
    return {
        .stream = stream,
        .command = std::move(command),
        .actor = actor,
        .id = CommandId(new_uuid(system_now())),
        .key = std::nullopt,
        .if_match = std::nullopt,
        .occurred_at = std::nullopt};
}

RoomCommand text_message() {
    SendMessage message;
    message.text = std::string(200, 'm');
    return message;
}

RoomCommand create_room() {
    CreateRoom room;
    room.name = "bench";
    room.max_members = limits::room_members_max;
    return room;
}

// Microseconds from submission to answer.
std::int64_t timed(Engine& engine, Submission submission) {
    std::promise<bool> done;
    const std::int64_t start = bench::now_us();
    engine.sequencer().submit(std::move(submission), [&](CommandResult result) {
        done.set_value(result.has_value());
    });
    if (!done.get_future().get()) std::abort();
    return bench::now_us() - start;
}

void fill(Engine& engine, const RoomId& room, const UserId& owner) {
    std::counting_semaphore<in_flight> free(in_flight);
    const auto go = [&](Submission submission) {
        free.acquire();
        engine.sequencer().submit(std::move(submission), [&](CommandResult) { free.release(); });
    };
    for (std::size_t i = 1; i < members; ++i)
        go(submission_of(stream_of(room), RoomCommand(JoinRoom{}), UserId(new_uuid(system_now()))));
    for (std::size_t i = 0; i < messages; ++i)
        go(submission_of(stream_of(room), text_message(), owner));
    for (std::ptrdiff_t i = 0; i < in_flight; ++i) free.acquire();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const UserId owner(new_uuid(system_now()));
    const RoomId room(new_uuid(system_now()));
    const RoomId other(new_uuid(system_now()));
    {
        const auto engine = open_engine(argv[1]);
        timed(*engine, submission_of(stream_of(room), create_room(), owner));
        timed(*engine, submission_of(stream_of(other), create_room(), owner));
        fill(*engine, room, owner);
    }
    const auto engine = open_engine(argv[1]);
    timed(*engine, submission_of(stream_of(other), text_message(), owner));
    bench::Histogram quiet;
    for (int i = 0; i < 2'000; ++i)
        quiet.add(timed(*engine, submission_of(stream_of(other), text_message(), owner)));

    std::promise<std::int64_t> cold;
    auto answered = cold.get_future();
    const std::int64_t start = bench::now_us();
    engine->sequencer().submit(
        submission_of(stream_of(room), text_message(), owner),
        [&](CommandResult) { cold.set_value(bench::now_us() - start); }
    );
    bench::Histogram meanwhile;
    while (answered.wait_for(std::chrono::seconds(0)) != std::future_status::ready ||
           meanwhile.count() == 0)
        meanwhile.add(timed(*engine, submission_of(stream_of(other), text_message(), owner)));
    std::printf(
        "| first command to a cold room of %zu messages, %zu members | %.1f ms | others: p99 %.2f "
        "ms "
        "before, slowest of %llu meanwhile %.2f ms |\n",
        messages,
        members,
        static_cast<double>(answered.get()) / 1000,
        static_cast<double>(quiet.quantile(0.99)) / 1000,
        static_cast<unsigned long long>(meanwhile.count()),
        static_cast<double>(meanwhile.quantile(1)) / 1000
    );
    return 0;
}
