#include "tools/replay.hpp"

#include "broker/feed/replay_server.hpp"
#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "tools/interrupt.hpp"
#include "tools/log/log_query.hpp"
#include "tools/progress.hpp"
#include "tools/replay_into.hpp"
#include "tools/stored_log.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

namespace {

constexpr double speed_max = 1'000'000;

constexpr const char* explanation =
    "Clients connect to ws://127.0.0.1:PORT/api/v1/feed, without a token, and see what an auditor "
    "would see: welcome, events, caught_up, and a close (1001) at the end. The pace is that of log "
    "times; between imported events, that of the times that the import gave them.\n"
    "With --into, the same records go into an empty data directory: for a node of its own.\n"
    "Exit codes: 0 replayed to the end; 2 the log could not be read, or the port not be taken; "
    "130 interrupted.";

template <class Value>
using Result = Expected<Value, std::string>;

void say(const std::string& what) {
    std::fprintf(stderr, "verbatim replay: %s\n", what.c_str());
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return number;
}

// Why `text` is no speed, or nothing.
std::string fault_in_speed(const std::string& text) {
    const auto factor = number_in<double>(text);
    const bool is_good = text == "max" || (factor && *factor > 0 && *factor <= speed_max);
    return is_good ? std::string() : "a factor above 0, up to 1000000, or max: " + text;
}

std::string fault_in_place(const std::string& text) {
    const bool is_good = number_in<std::uint64_t>(text) || parse_time_or_day(text);
    return is_good ? std::string() : "no position, no RFC 3339 time and no day: " + text;
}

// The last position that is meant: one that there is; of a time, the last event at or before it.
Result<Position> place_of(const std::string& text, const EventLog& log) {
    if (text.empty()) return log.head();
    if (const auto position = number_in<std::uint64_t>(text)) {
        if (*position <= log.head().value()) return Position(*position);
        return failure("the log ends at position " + std::to_string(log.head().value()));
    }
    const auto time = parse_time_or_day(text);
    if (!time) return failure(fault_in_place(text));
    const auto after = log.first_position_since(Timestamp(time->microseconds() + 1));
    if (!after) return failure(describe(after.error()));
    return Position(after->value() - 1);
}

// The id itself, or who holds the name.
template <class Id>
Result<std::optional<Id>> named(
    const std::string& text, ClaimKind kind, const char* what, const EventLog& log
) {
    if (text.empty()) return std::optional<Id>();
    if (const auto id = parse_id<Id>(text)) return id;
    const auto holder = log.holder_of({kind, text.starts_with('#') ? text.substr(1) : text});
    if (!holder) return failure(describe(holder.error()));
    if (!*holder) return failure(std::string("there is no ") + what + " \"" + text + "\"");
    return std::optional(Id(**holder));
}

Result<feed::ReplayOptions> feed_options(
    const ReplayToolOptions& options, const EventLog& log, Position to
) {
    const auto room = named<RoomId>(options.room, ClaimKind::alias, "room", log);
    if (!room) return failure(room.error());
    const auto as = named<UserId>(options.as, ClaimKind::username, "user", log);
    if (!as) return failure(as.error());
    feed::ReplayOptions made;
    made.port = *options.feed_port;
    made.to = to;
    made.speed = number_in<double>(options.speed);
    if (options.longest_pause > 0)
        made.longest_pause = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::duration<double>(options.longest_pause)
        );
    made.as = *as;
    made.room = *room;
    made.clients = static_cast<std::size_t>(options.clients);
    return made;
}

double events_per_second(const feed::ReplayFigures& figures) {
    return figures.seconds > 0 ? static_cast<double>(figures.events) / figures.seconds : 0;
}

void print(const feed::ReplayFigures& figures, const ReplayToolOptions& options) {
    const nlohmann::ordered_json row = {
        {"reached", figures.reached.value()},
        {"events", figures.events},
        {"deliveries", figures.deliveries},
        {"bytes", figures.bytes},
        {"seconds", figures.seconds},
        {"events_per_second", events_per_second(figures)}};
    if (options.json) return static_cast<void>(std::printf("%s\n", row.dump().c_str()));
    std::printf(
        "%llu events up to position %llu in %.1f s, %.0f events/s, %llu deliveries, %llu bytes\n",
        static_cast<unsigned long long>(figures.events),
        static_cast<unsigned long long>(figures.reached.value()),
        figures.seconds,
        events_per_second(figures),
        static_cast<unsigned long long>(figures.deliveries),
        static_cast<unsigned long long>(figures.bytes)
    );
}

Result<void> replay_feed(
    const ReplayToolOptions& options, const EventLog& log, Position to, const Interrupt& interrupt
) {
    auto wanted = feed_options(options, log, to);
    if (!wanted) return failure(wanted.error());
    feed::ReplayServer server(log, *wanted);
    if (auto started = server.start(); !started) return failure(started.error());
    std::fprintf(
        stderr,
        "ready: ws://127.0.0.1:%u/api/v1/feed, %llu events%s\n",
        static_cast<unsigned>(server.port()),
        static_cast<unsigned long long>(to.value()),
        options.clients > 0 ? ", waiting for clients" : ""
    );
    ProgressBar bar("replaying", static_cast<std::size_t>(to.value()));
    const auto figures = server.run(interrupt.descriptor(), [&](const feed::ReplayFigures& now) {
        char note[80];
        std::snprintf(
            note, sizeof note, "%.0f events/s, %zu clients", events_per_second(now), now.clients
        );
        bar.show(static_cast<std::size_t>(now.reached.value()), note);
    });
    if (!figures) return failure(figures.error());
    print(*figures, options);
    return {};
}

void print(const ReplayedInto& done, const ReplayToolOptions& options) {
    if (options.json) {
        const nlohmann::ordered_json row = {
            {"reached", done.reached.value()}, {"lacks_texts", done.lacks_texts}};
        return static_cast<void>(std::printf("%s\n", row.dump().c_str()));
    }
    std::printf(
        "%s holds the history up to position %llu\n",
        options.into.c_str(),
        static_cast<unsigned long long>(done.reached.value())
    );
    if (done.lacks_texts)
        std::printf(
            "texts of it were destroyed later, by events that are not in it: they read as null, "
            "and `verbatim audit verify` names each\n"
        );
}

Result<void> replay_to_disk(
    const ReplayToolOptions& options, const EventLog& log, Position to, const Interrupt& interrupt
) {
    StoreResult<ReplayedInto> done;
    {
        ProgressBar bar("replaying", static_cast<std::size_t>(to.value()));
        done = replay_into(log, to, options.into, interrupt, [&bar](Position reached) {
            bar.show(static_cast<std::size_t>(reached.value()), {});
        });
    }
    if (!done) return failure(describe(done.error()));
    if (done->reached == to) print(*done, options);
    return {};
}

}  // namespace

Subcommand add_replay(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<ReplayToolOptions>();
    CLI::App* replay_parser =
        app.add_subcommand("replay", "let history happen again, out of a WebSocket feed");
    replay_parser->fallthrough();
    replay_parser->footer(explanation);
    replay_parser
        ->add_option("--to", options->to, "up to this position, or what had happened by then")
        ->check(CLI::Validator(fault_in_place, "POSITION|TIME"));
    // The same name as the server's own port, which this is not.
    CLI::Option* const port =
        replay_parser->add_option("--feed-port", options->feed_port, "port of the feed; 0: any");
    CLI::Option* const into =
        replay_parser->add_option("--into", options->into, "an empty data directory")
            ->excludes(port);
    replay_parser->add_option("--speed", options->speed, "times as fast as it was, or max")
        ->check(CLI::Validator(fault_in_speed, "N|max"));
    replay_parser->add_option(
        "--longest-pause", options->longest_pause, "no pause is longer, in seconds; 0: as it was"
    );
    replay_parser->add_option("--clients", options->clients, "begin when so many are there");
    replay_parser->add_option("--room", options->room, "only this room's events: alias or id")
        ->excludes(into);
    replay_parser->add_option("--as", options->as, "as this user saw it: username or id")
        ->excludes(into);
    replay_parser->add_flag("--json", options->json, "end with one line of JSON");
    return {.parser = replay_parser, .run = [options, &data] {
                options->data = data;
                return replay(*options);
            }};
}

int replay(const ReplayToolOptions& options) {
    if (!options.feed_port && options.into.empty()) {
        say("where to? Give --feed-port or --into");
        return replay_failed;
    }
    const Interrupt interrupt;
    const auto log = open_log_to_read(options.data);
    if (!log) {
        say(describe(log.error()));
        return replay_failed;
    }
    const auto to = place_of(options.to, **log);
    if (!to) {
        say(to.error());
        return replay_failed;
    }
    const auto replayed = options.feed_port ? replay_feed(options, **log, *to, interrupt)
                                            : replay_to_disk(options, **log, *to, interrupt);
    if (!replayed) {
        say(replayed.error());
        return replay_failed;
    }
    return interrupt.is_requested() ? exit_interrupted : replay_done;
}

}  // namespace verbatim
