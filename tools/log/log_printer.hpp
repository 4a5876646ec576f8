#pragma once

#include "tools/log/log_event.hpp"
#include "tools/log/log_source.hpp"
#include "tools/log/names.hpp"
#include "tools/log/text_pattern.hpp"
#include "tools/text_output.hpp"

#include <optional>
#include <string>

namespace verbatim {

enum class LogFormat { table, json_lines };

// Prints events, one a line: as a table for people, or as envelopes in JSON. Single thread.
class LogPrinter {
public:
    struct Options {
        LogFormat format = LogFormat::table;
        Colour colour = Colour::automatic;
    };
    LogPrinter(LogSource& source, TextOutput& output, Options options);

    void print(const LogEvent& event);
    // The same for what a search has found: with a mark on messages that were edited or deleted
    // since, and what was found in colour.
    void print_found(const LogEvent& event, const TextPattern& pattern);

private:
    [[nodiscard]] std::string row(const LogEvent& event, const TextPattern* pattern);
    [[nodiscard]] std::string what(const LogEvent& event, const TextPattern* pattern);
    [[nodiscard]] std::string said(const LogEvent& event, const TextPattern* pattern) const;
    [[nodiscard]] std::string facts(const LogEvent& event);
    [[nodiscard]] std::string mark(const LogEvent& event);
    [[nodiscard]] std::string in(std::string_view colour, const std::string& text) const;

    LogSource& source_;
    TextOutput& output_;
    Names names_;
    LogFormat format_;
    bool is_coloured_;
};

}  // namespace verbatim
