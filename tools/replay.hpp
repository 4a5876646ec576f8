#pragma once

#include "tools/subcommand.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace verbatim {

// verbatim replay --data DIR [--to POSITION|TIME] (--feed-port PORT … | --into DIR2)
struct ReplayToolOptions {
    std::filesystem::path data;
    std::string to;  // a position, an RFC 3339 time or a day; empty: the log's end
    std::filesystem::path into;
    std::optional<std::uint16_t> feed_port;
    std::string speed = "1";   // a factor, or "max"
    double longest_pause = 0;  // seconds; 0: as long as it was
    std::uint64_t clients = 1;
    std::string room;  // alias or id
    std::string as;    // username or id
    bool json = false;
};

[[nodiscard]] Subcommand add_replay(CLI::App& app, DataDirectory data);

// Exit codes: all of it was replayed; it could not be, or not to the end; exit_interrupted.
inline constexpr int replay_done = 0;
inline constexpr int replay_failed = 2;

// Reads the log as it is at this moment, beside a running server, too, and changes nothing in it.
[[nodiscard]] int replay(const ReplayToolOptions& options);

}  // namespace verbatim
