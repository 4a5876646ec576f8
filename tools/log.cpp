#include "tools/log.hpp"

#include "tools/log/log_commands.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

namespace verbatim {

namespace {

constexpr std::uint64_t tail_lines_max = 100'000;

constexpr const char* exit_codes =
    "Exit codes: 0 printed; 1 grep found nothing; 2 the log could not be read, or not to its end; "
    "130 interrupted.\nTimes are UTC. A live server is asked with the token of an auditor or admin "
    "(--token, or VERBATIM_TOKEN); a data directory needs none, and may be in use.";

void add_source(CLI::App& parser, LogOptions& options) {
    parser.fallthrough();
    parser.footer(exit_codes);
    parser.add_option("--url", options.url, "a server (http://host:8080) instead of --data");
    parser.add_option("--token", options.token, "access token or API key for --url")
        ->envname("VERBATIM_TOKEN");
}

void add_filters(CLI::App& parser, LogOptions& options) {
    parser.add_option("--room", options.room, "alias or id of the room it happened in");
    parser.add_option("--actor", options.actor, "username or id of who did it");
    parser
        .add_option(
            "--type", options.types, "type of event, or message.* for all of a kind; repeatable"
        )
        ->check(CLI::Validator(
            [](const std::string& type) { return fault_in_type(type).value_or(""); }, "TYPE"
        ));
    const CLI::Validator is_time(
        [](const std::string& time) {
            return parse_time_or_day(time) ? std::string() : "no RFC 3339 time and no day: " + time;
        },
        "TIME"
    );
    parser.add_option("--since", options.since, "recorded then or later: RFC 3339, or a day")
        ->check(is_time);
    parser.add_option("--until", options.until, "recorded before then")->check(is_time);
    parser.add_flag(
        "--occurred",
        options.occurred,
        "--since and --until are about when it happened, as far as an import says so"
    );
    parser.add_option("--after", options.after, "positions after this one");
}

void add_look(CLI::App& parser, LogOptions& options) {
    parser.add_flag("--json", options.json, "envelopes, one a line");
    parser.add_option("--color", options.colour, "auto: on a terminal, unless NO_COLOR is set")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Colour>{
            {"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}}))
        ->option_text("auto|always|never");
}

void add_text(CLI::App& parser, LogOptions& options) {
    parser.add_flag("-i,--ignore-case", options.ignore_case, "upper and lower case are the same");
    parser.add_flag("--regex", options.regex, "the text is a regular expression, as of grep -E");
}

void add_text_filter(CLI::App& parser, LogOptions& options) {
    parser.add_option("--text", options.text, "only messages and edits with this text");
    add_text(parser, options);
}

void add_limit(CLI::App& parser, LogOptions& options) {
    parser.add_option("--limit", options.limit, "no more events than this")
        ->check(CLI::PositiveNumber);
}

struct Command {
    CLI::App* parser = nullptr;
    std::shared_ptr<LogOptions> options = std::make_shared<LogOptions>();

    Command(CLI::App& log, const char* name, const char* what)
        : parser(log.add_subcommand(name, what)) {
        add_source(*parser, *options);
        add_filters(*parser, *options);
    }
    [[nodiscard]] Subcommand run_by(int (*run)(const LogOptions&), DataDirectory data) const {
        return {.parser = parser, .run = [options = options, run, &data] {
                    options->data = data;
                    return run(*options);
                }};
    }
};

}  // namespace

CLI::App* add_log_parser(CLI::App& app) {
    CLI::App* log = app.add_subcommand("log", "read the log");
    log->require_subcommand(1);
    log->fallthrough();
    return log;
}

std::vector<Subcommand> add_log(CLI::App& log, DataDirectory data) {
    const Command show(log, "show", "print events, in order");
    add_text_filter(*show.parser, *show.options);
    add_limit(*show.parser, *show.options);
    add_look(*show.parser, *show.options);

    const Command tail(log, "tail", "print the last events, and those to come");
    add_text_filter(*tail.parser, *tail.options);
    add_look(*tail.parser, *tail.options);
    tail.parser->add_option("-n,--lines", tail.options->lines, "how many of the last")
        ->check(CLI::Range(std::uint64_t{0}, tail_lines_max));
    tail.parser->add_flag("-f,--follow", tail.options->follow, "go on until Ctrl-C (exit code 0)");

    const Command grep(log, "grep", "search the texts of messages and edits");
    grep.parser->add_option("pattern", grep.options->text, "what to look for")->required();
    add_text(*grep.parser, *grep.options);
    add_limit(*grep.parser, *grep.options);
    add_look(*grep.parser, *grep.options);

    const Command stats(log, "stats", "count events by type, room, user and day");
    add_text_filter(*stats.parser, *stats.options);
    stats.parser->add_flag("--json", stats.options->json, "one line of JSON");
    stats.parser->add_option("--top", stats.options->top, "how many rooms and users");
    return {
        show.run_by(log_show, data),
        tail.run_by(log_tail, data),
        grep.run_by(log_grep, data),
        stats.run_by(log_stats, data)};
}

}  // namespace verbatim
