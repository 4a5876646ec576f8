#include "tools/log/log_printer.hpp"

#include "projections/json_text.hpp"

#include <algorithm>

namespace verbatim {

namespace {

constexpr std::string_view dim = "2";
constexpr std::string_view found = "1;31";
constexpr std::string_view warning = "33";
constexpr std::string_view room_colour = "36";
constexpr std::string_view user_colour = "32";
constexpr std::string_view type_colour = "35";

constexpr std::size_t position_columns = 9;
constexpr std::size_t room_columns = 14;
constexpr std::size_t seq_columns = 6;
constexpr std::size_t user_columns = 14;

std::string padded(std::string text, std::size_t columns) {
    const std::size_t taken = columns_of(text);
    if (taken < columns) text.append(columns - taken, ' ');
    return text;
}

std::string right_aligned(const std::string& text, std::size_t columns) {
    return text.size() < columns ? std::string(columns - text.size(), ' ') + text : text;
}

// "2005-06-27 12:03:00Z": to the second, as people read it.
std::string time_text(Timestamp time) {
    std::string text = rfc3339(time).substr(0, 19) + "Z";
    text[10] = ' ';
    return text;
}

}  // namespace

LogPrinter::LogPrinter(LogSource& source, TextOutput& output, Options options)
    : source_(source),
      output_(output),
      names_(source),
      format_(options.format),
      is_coloured_(is_coloured(options.colour, output)) {}

void LogPrinter::print(const LogEvent& event) {
    output_.write(format_ == LogFormat::json_lines ? event.envelope + "\n" : row(event, nullptr));
}

void LogPrinter::print_found(const LogEvent& event, const TextPattern& pattern) {
    output_.write(format_ == LogFormat::json_lines ? event.envelope + "\n" : row(event, &pattern));
}

std::string LogPrinter::row(const LogEvent& event, const TextPattern* pattern) {
    const std::string room = event.room ? names_.of(*event.room) : "-";
    const std::string seq = event.room_seq ? std::to_string(event.room_seq->value()) : "-";
    return in(dim, right_aligned(std::to_string(event.position.value()), position_columns)) + "  " +
           time_text(event.shown_time()) + "  " + in(room_colour, padded(room, room_columns)) +
           " " + in(dim, right_aligned(seq, seq_columns)) + "  " +
           in(user_colour, padded(names_.of(event.actor), user_columns)) + " " +
           what(event, pattern) + "\n";
}

std::string LogPrinter::what(const LogEvent& event, const TextPattern* pattern) {
    std::string text;
    if (event.is_message()) {
        if (pattern != nullptr) text += mark(event);
        if (event.kind == "action") text += "* ";
        if (event.kind == "notice") text += "-- ";
        text += said(event, pattern);
    } else {
        text += in(type_colour, event.type);
        if (event.seq) text += " of " + std::to_string(event.seq->value());
        if (event.is_edit()) text += ": " + said(event, pattern);
    }
    return text + facts(event);
}

std::string LogPrinter::said(const LogEvent& event, const TextPattern* pattern) const {
    if (!event.text) return in(dim, "(no text, or it was destroyed)");
    const std::string_view text = *event.text;
    const auto match = pattern == nullptr ? std::nullopt : pattern->find(text);
    if (!match || !is_coloured_) return printable(text);
    return printable(text.substr(0, match->begin)) +
           in(found, printable(text.substr(match->begin, match->end - match->begin))) +
           printable(text.substr(match->end));
}

std::string LogPrinter::facts(const LogEvent& event) {
    std::string text;
    for (const auto& [name, value] : event.facts)
        text += (text.empty() ? "  " : " ") + name + "=" + printable(names_.of_id(value));
    return in(dim, text);
}

std::string LogPrinter::mark(const LogEvent& event) {
    if (!event.room || !event.room_seq) return {};
    const auto fate = source_.fate_of(*event.room, *event.room_seq);
    if (!fate) return {};
    if (fate->is_deleted) return in(warning, "[deleted] ");
    return fate->is_edited ? in(warning, "[edited] ") : std::string();
}

std::string LogPrinter::in(std::string_view colour, const std::string& text) const {
    if (!is_coloured_ || text.empty()) return text;
    return "\x1b[" + std::string(colour) + "m" + text + "\x1b[0m";
}

}  // namespace verbatim
