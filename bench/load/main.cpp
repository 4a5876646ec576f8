#include "bench/load/client.hpp"
#include "bench/load/fanout.hpp"
#include "bench/load/http_load.hpp"
#include "bench/load/statistics.hpp"
#include "bench/load/typing.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

// verbatim_load: one kind of load against a running server; prints one JSON line with what it saw.
namespace {

using namespace bench;

struct Options {
    Target target;
    long server_pid = 0;
    double seconds = 30;
    double warm_up_seconds = 3;
    std::size_t connections = 32;
    std::size_t rooms = 1;
    std::size_t feeds = 1000;
    std::size_t messages = 0;
    std::size_t slow_readers = 0;
    std::size_t runs = 1;
    double rate = 0;
    double typing_rate = 5;
};

// Runs `work` and adds what server and generator spent.
template <class Work>
nlohmann::json measured(const Options& options, Work work) {
    const double server = cpu_seconds_of(options.server_pid);
    const double own = own_cpu_seconds();
    const std::int64_t start = now_us();
    nlohmann::json row = work();
    const double elapsed = static_cast<double>(now_us() - start) / 1e6;
    row["server_cores"] = (cpu_seconds_of(options.server_pid) - server) / elapsed;
    row["generator_cores"] = (own_cpu_seconds() - own) / elapsed;
    return row;
}

nlohmann::json row_of(const HttpResult& result) {
    return {
        {"per_second", static_cast<double>(result.answers) / result.seconds},
        {"p50_us", result.latency.quantile(0.5)},
        {"p99_us", result.latency.quantile(0.99)},
        {"errors", result.errors}};
}

const std::string& text_of_200_bytes() {
    static const std::string body = R"({"text":")" + std::string(200, 'm') + R"("})";
    return body;
}

nlohmann::json send_load(const Options& options) {
    const User user = sign_in(options.target, "bench.sender");
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < options.rooms; ++i) {
        const std::string room = make_room(options.target, user, "bench");
        requests.push_back(request_text(
            "POST", "/api/v1/rooms/" + room + "/messages", user.token, text_of_200_bytes()
        ));
    }
    const auto request = [&](std::size_t i) -> const std::string& {
        return requests[i % requests.size()];
    };
    return measured(options, [&] {
        const double warm_up = options.warm_up_seconds;
        if (options.rate > 0)
            return row_of(run_paced(
                options.target,
                options.connections,
                options.rate,
                options.seconds,
                warm_up,
                201,
                request
            ));
        return row_of(
            run_http(options.target, options.connections, options.seconds, warm_up, 201, request)
        );
    });
}

// Puts `options.messages` messages into the room, fast.
void fill(const Options& options, const std::string& room, const User& user) {
    const std::string send = request_text(
        "POST", "/api/v1/rooms/" + room + "/messages", user.token, text_of_200_bytes()
    );
    std::size_t filled = 0;
    while (filled < options.messages)
        filled += run_http(options.target, 64, 1, 0, 201, [&](std::size_t) -> const std::string& {
                      return send;
                  }).answers;
}

nlohmann::json page_load(const Options& options) {
    const User user = sign_in(options.target, "bench.reader");
    const std::string room = make_room(options.target, user, "pages");
    const std::string path = "/api/v1/rooms/" + room + "/messages";
    fill(options, room, user);
    const std::string get = request_text("GET", path, user.token, {});
    return measured(options, [&] {
        return row_of(run_http(
            options.target,
            options.connections,
            options.seconds,
            options.warm_up_seconds,
            200,
            [&](std::size_t) -> const std::string& { return get; }
        ));
    });
}

std::vector<User> readers_of(const Options& options, const std::string& room) {
    std::vector<User> readers;
    for (int i = 0; i < 8; ++i) {
        readers.push_back(sign_in(options.target, "bench.reader" + std::to_string(i)));
        if (!room.empty())
            call(options.target, "POST", "/api/v1/rooms/" + room + "/join", readers.back().token);
    }
    return readers;
}

nlohmann::json fanout_load(const Options& options) {
    const User sender = sign_in(options.target, "bench.sender");
    const std::string room = make_room(options.target, sender, "fan-out");
    const std::vector<User> readers = readers_of(options, room);
    fill(options, room, sender);
    FanoutPlan plan;
    plan.slow_readers = options.slow_readers;
    plan.feeds = options.feeds;
    plan.seconds = options.seconds;
    plan.warm_up_seconds = options.warm_up_seconds;
    plan.rate = options.rate;
    return measured(options, [&] {
        const FanoutResult result = run_fanout(options.target, plan, readers, sender, room);
        return nlohmann::json{
            {"per_second", static_cast<double>(result.deliveries) / result.seconds},
            {"sends_per_second",
             static_cast<double>(result.sent) / (result.seconds + plan.warm_up_seconds)},
            {"p50_us", result.latency.quantile(0.5)},
            {"p99_us", result.latency.quantile(0.99)},
            {"errors", result.errors}};
    });
}

// Two at a time: a server hashes as many passwords.
std::vector<User> sign_in_many(const Target& target, std::size_t count) {
    std::vector<User> users(count);
    const auto every_second = [&](std::size_t first) {
        for (std::size_t i = first; i < count; i += 2)
            users[i] = sign_in(target, "bench.typist" + std::to_string(i));
    };
    auto other = std::async(std::launch::async, every_second, 1);
    every_second(0);
    other.get();
    return users;
}

// As many rooms, made by the first users; user i is a member of room i % rooms.
std::vector<std::string> typing_rooms(
    const Options& options, const std::vector<User>& users, std::size_t rooms
) {
    std::vector<std::string> made;
    const nlohmann::json body = {{"name", "typing"}, {"max_members", users.size() + 2}};
    for (std::size_t i = 0; i < rooms; ++i)
        made.push_back(
            call(options.target, "POST", "/api/v1/rooms", users[i].token, body).at("room_id")
        );
    for (std::size_t i = rooms; i < users.size(); ++i)
        call(options.target, "POST", "/api/v1/rooms/" + made[i % rooms] + "/join", users[i].token);
    return made;
}

nlohmann::json typing_phase(const Options& options, TypingRun& run, double typing_per_second) {
    TypingPlan plan;
    plan.seconds = options.seconds;
    plan.warm_up_seconds = options.warm_up_seconds;
    plan.sends_per_second = options.rate;
    plan.typing_per_second = typing_per_second;
    return measured(options, [&] {
        const TypingResult result = run.run(plan);
        const double seconds = plan.seconds + plan.warm_up_seconds;
        return nlohmann::json{
            {"sends", result.latency.count()},
            {"p50_us", result.latency.quantile(0.5)},
            {"p99_us", result.latency.quantile(0.99)},
            {"typed_per_second", static_cast<double>(result.typed) / seconds},
            {"told_per_second", static_cast<double>(result.told) / seconds},
            {"late_sends", result.late_sends},
            {"errors", result.errors}};
    });
}

// One sender is timed while nobody types and while all --feeds users do, in turns: first all of
// them in one room, then spread over --rooms.
nlohmann::json typing_load(const Options& options) {
    const std::vector<User> users = sign_in_many(options.target, options.feeds);
    const auto one = typing_rooms(options, users, 1);
    const auto many = typing_rooms(options, users, options.rooms);
    auto feeds = open_feeds(options.target, users.size(), users, "");
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& rooms : {one, many}) {
        TypingRun run(options.target, feeds, rooms, users.front());
        for (std::size_t i = 0; i < options.runs; ++i) {
            constexpr double quiet_seconds = 3;
            run.settle(quiet_seconds);
            rows.push_back(
                {{"rooms", rooms.size()},
                 {"idle", typing_phase(options, run, 0)},
                 {"storm", typing_phase(options, run, options.typing_rate)}}
            );
        }
    }
    return rows;
}

nlohmann::json hold(const Options& options) {
    hold_feeds(options.target, options.feeds, readers_of(options, ""), options.seconds);
    return {{"feeds", options.feeds}};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Load for Verbatim's benchmarks"};
    app.add_option("--http-port", options.target.http_port);
    app.add_option("--feed-port", options.target.feed_port);
    app.add_option("--server-pid", options.server_pid);
    app.add_option("--seconds", options.seconds);
    app.add_option("--warm-up", options.warm_up_seconds);
    app.add_option("--connections", options.connections);
    app.add_option("--rooms", options.rooms);
    app.add_option("--feeds", options.feeds);
    app.add_option("--messages", options.messages);
    app.add_option("--rate", options.rate);
    app.add_option("--slow-readers", options.slow_readers);
    app.add_option("--runs", options.runs);
    app.add_option("--typing-rate", options.typing_rate);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_subcommand("sends", "durable sends; --rate 0: closed loop");
    app.add_subcommand("pages", "newest 50 messages of a room of --messages");
    app.add_subcommand("fanout", "one room, --feeds feeds; --rate 0: at saturation");
    app.add_subcommand("typing", "--rate sends a second while nobody types, and while all do");
    app.add_subcommand("hold", "idle feeds, for --seconds");
    CLI11_PARSE(app, argc, argv);
    try {
        nlohmann::json row;
        if (app.got_subcommand("sends")) row = send_load(options);
        if (app.got_subcommand("pages")) row = page_load(options);
        if (app.got_subcommand("fanout")) row = fanout_load(options);
        if (app.got_subcommand("typing")) row = typing_load(options);
        if (app.got_subcommand("hold")) row = hold(options);
        std::printf("%s\n", row.dump().c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "verbatim_load: %s\n", error.what());
        return 1;
    }
}
