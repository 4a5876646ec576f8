#pragma once

#include "tools/subcommand.hpp"
#include "tools/text_output.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// verbatim log show|tail|grep|stats --data DIR | --url URL [--token TOKEN] [filters]
struct LogOptions {
    std::filesystem::path data;
    std::string url;  // of a server's REST; empty: `data`
    std::string token;

    std::string room;   // id or alias
    std::string actor;  // id or username
    std::vector<std::string> types;
    std::string since;  // RFC 3339, or a day
    std::string until;
    bool occurred = false;  // `since` and `until` are about when it happened, not was recorded
    std::string text;
    bool ignore_case = false;
    bool regex = false;
    std::uint64_t after = 0;
    std::uint64_t limit = 0;  // 0: no limit

    bool json = false;
    Colour colour = Colour::automatic;

    std::uint64_t lines = 10;  // of tail
    bool follow = false;
    std::uint64_t top = 10;  // of stats
};

// Adds the sub-command `log`, to which others may add theirs.
[[nodiscard]] CLI::App* add_log_parser(CLI::App& app);
// Adds `show`, `tail`, `grep` and `stats` to it.
[[nodiscard]] std::vector<Subcommand> add_log(CLI::App& log, DataDirectory data);

// Exit codes: what was asked for was printed; grep found nothing; the log could not be read, or not
// to its end; exit_interrupted (interrupt.hpp).
inline constexpr int log_printed = 0;
inline constexpr int log_nothing_found = 1;
inline constexpr int log_not_read = 2;

// Print to standard output, and what goes wrong to standard error; change nothing. Memory does not
// grow with the log.
[[nodiscard]] int log_show(const LogOptions& options);
[[nodiscard]] int log_tail(const LogOptions& options);
[[nodiscard]] int log_grep(const LogOptions& options);
[[nodiscard]] int log_stats(const LogOptions& options);

}  // namespace verbatim
