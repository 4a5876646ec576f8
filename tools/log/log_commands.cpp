#include "tools/log/log_commands.hpp"

#include "domain/type_id.hpp"
#include "tools/log/log_printer.hpp"
#include "tools/log/log_stats.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <unistd.h>
#include <utility>

namespace verbatim {

namespace {

// How far tail looks back at first, and how much further each time.
constexpr std::uint64_t first_piece_positions = 4'096;
constexpr std::uint64_t piece_growth = 4;

void say(const std::string& what) {
    std::fprintf(stderr, "verbatim log: %s\n", what.c_str());
}

// What each of the commands has: a log, what is asked of it, and where its answer goes.
struct Reading {
    Interrupt interrupt;
    TextOutput output{STDOUT_FILENO};
    std::unique_ptr<LogSource> source;
    LogQuery query;

    [[nodiscard]] LogSource::Result<void> open(const LogOptions& options) {
        auto opened = open_log_source(options, interrupt);
        if (!opened) return failure(opened.error());
        source = std::move(*opened);
        auto made = query_of(options, *source);
        if (!made) return failure(made.error());
        query = std::move(*made);
        return {};
    }
    // Whoever piped the answer into `head` has enough; where it could not be written, says so.
    [[nodiscard]] int end(int code) {
        output.flush();
        if (!output.fault().empty()) {
            say("cannot write: " + output.fault());
            return log_not_read;
        }
        return interrupt.is_requested() && code != log_not_read ? exit_interrupted : code;
    }
    [[nodiscard]] int fail(const std::string& why) {
        output.flush();
        say(why);
        return log_not_read;
    }
    // Gives each event to `take` until it says false, the reader has gone, or there are no more.
    [[nodiscard]] LogSource::Result<void> for_each(const std::function<bool(const LogEvent&)>& take
    ) {
        while (output.is_open() && !interrupt.is_requested()) {
            const auto event = source->next();
            if (!event) return failure(event.error());
            if (!*event || !take(**event)) break;
        }
        return {};
    }
};

LogPrinter::Options look_of(const LogOptions& options) {
    return {
        .format = options.json ? LogFormat::json_lines : LogFormat::table,
        .colour = options.colour};
}

// The id itself, or what the name stands for.
template <class Id, class Find>
LogSource::Result<std::optional<Id>> named(
    const std::string& text, const std::string& what, const Find& find
) {
    if (text.empty()) return std::optional<Id>();
    if (const auto id = parse_id<Id>(text)) return id;
    auto found = find(text);
    if (!found) return failure(found.error());
    if (!*found) return failure("there is no " + what + " \"" + text + "\"");
    return *found;
}

}  // namespace

LogSource::Result<std::unique_ptr<LogSource>> open_log_source(
    const LogOptions& options, const Interrupt& interrupt
) {
    return options.url.empty() ? open_stored_log(options.data, interrupt)
                               : open_remote_log(options.url, options.token, interrupt);
}

LogSource::Result<LogQuery> query_of(const LogOptions& options, LogSource& source) {
    LogQuery query;
    query.after = Position(options.after);
    query.types = options.types;
    query.time = options.occurred ? TimeMeant::occurred : TimeMeant::recorded;
    if (!options.since.empty()) query.since = parse_time_or_day(options.since);
    if (!options.until.empty()) query.until = parse_time_or_day(options.until);
    if (!options.text.empty()) {
        auto pattern = TextPattern::make(
            options.text,
            options.regex ? PatternKind::regular_expression : PatternKind::plain,
            options.ignore_case ? LetterCase::ignored : LetterCase::matters
        );
        if (!pattern) return failure(pattern.error());
        query.text = std::move(*pattern);
    }
    const std::string alias = options.room.starts_with('#') ? options.room.substr(1) : options.room;
    const auto room =
        named<RoomId>(alias, "room", [&](const auto& name) { return source.find_room(name); });
    if (!room) return failure(room.error());
    query.room = *room;
    const auto actor = named<UserId>(options.actor, "user", [&](const auto& name) {
        return source.find_user(name);
    });
    if (!actor) return failure(actor.error());
    query.actor = *actor;
    return query;
}

LogSource::Result<std::vector<LogEvent>> last_events(
    LogSource& source, LogQuery query, std::size_t lines
) {
    const auto head = source.head();
    if (!head) return failure(head.error());
    const Position begin = query.after;
    std::deque<LogEvent> last;
    std::uint64_t piece = first_piece_positions;
    query.up_to = std::min(query.up_to, *head);
    while (last.size() < lines && query.up_to > begin) {
        const std::uint64_t end = query.up_to.value();
        query.after = std::max(begin, Position(end > piece ? end - piece : 0));
        if (auto begun = source.begin(query); !begun) return failure(begun.error());
        std::deque<LogEvent> found;
        while (true) {
            auto event = source.next();
            if (!event) return failure(event.error());
            if (!*event) break;
            found.push_back(std::move(**event));
            if (found.size() + last.size() > lines) found.pop_front();
        }
        std::ranges::move(last, std::back_inserter(found));
        last = std::move(found);
        query.up_to = query.after;
        piece *= piece_growth;
    }
    return std::vector<LogEvent>(
        std::make_move_iterator(last.begin()), std::make_move_iterator(last.end())
    );
}

int log_show(const LogOptions& options) {
    Reading log;
    if (auto opened = log.open(options); !opened) return log.fail(opened.error());
    if (auto begun = log.source->begin(log.query); !begun) return log.fail(begun.error());
    LogPrinter printer(*log.source, log.output, look_of(options));
    std::uint64_t printed = 0;
    const auto read = log.for_each([&](const LogEvent& event) {
        printer.print(event);
        return ++printed != options.limit;
    });
    return read ? log.end(log_printed) : log.fail(read.error());
}

int log_grep(const LogOptions& options) {
    Reading log;
    if (auto opened = log.open(options); !opened) return log.fail(opened.error());
    if (!log.query.text) return log.fail("there is nothing to look for");
    if (auto begun = log.source->begin(log.query); !begun) return log.fail(begun.error());
    LogPrinter printer(*log.source, log.output, look_of(options));
    std::uint64_t found = 0;
    const auto read = log.for_each([&](const LogEvent& event) {
        printer.print_found(event, *log.query.text);
        return ++found != options.limit;
    });
    if (!read) return log.fail(read.error());
    return log.end(found > 0 ? log_printed : log_nothing_found);
}

int log_stats(const LogOptions& options) {
    Reading log;
    if (auto opened = log.open(options); !opened) return log.fail(opened.error());
    if (auto begun = log.source->begin(log.query); !begun) return log.fail(begun.error());
    LogStats stats;
    const auto read = log.for_each([&](const LogEvent& event) {
        stats.count(event);
        return true;
    });
    if (!read) return log.fail(read.error());
    const auto top = static_cast<std::size_t>(options.top);
    if (!log.interrupt.is_requested())
        log.output.write(
            options.json ? stats.json(*log.source, top) : stats.table(*log.source, top)
        );
    return log.end(log_printed);
}

int log_tail(const LogOptions& options) {
    Reading log;
    if (auto opened = log.open(options); !opened) return log.fail(opened.error());
    const auto head = log.source->head();
    if (!head) return log.fail(head.error());
    const auto last = last_events(*log.source, log.query, static_cast<std::size_t>(options.lines));
    if (!last) return log.fail(last.error());
    LogPrinter printer(*log.source, log.output, look_of(options));
    for (const LogEvent& event : *last) printer.print(event);
    if (!options.follow) return log.end(log_printed);

    LogQuery query = log.query;
    query.after = std::max(query.after, *head);
    if (auto begun = log.source->begin(query); !begun) return log.fail(begun.error());
    while (log.output.is_open() && !log.interrupt.is_requested()) {
        const auto read = log.for_each([&](const LogEvent& event) {
            printer.print(event);
            return true;
        });
        log.output.flush();
        if (!read) return log.fail(read.error());
        if (!log.output.is_open()) break;
        const auto more = log.source->wait_for_more();
        if (!more) return log.fail(more.error());
        if (!*more) break;
    }
    const int code = log.end(log_printed);
    return code == exit_interrupted ? log_printed : code;
}

}  // namespace verbatim
