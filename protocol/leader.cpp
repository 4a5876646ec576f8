#include "protocol/leader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace verbatim {
namespace {

constexpr int away_retry_seconds = 2;  // about what its restart takes

bool is_named(std::string_view name, std::string_view lower_case_name) {
    return std::ranges::equal(name, lower_case_name, [](char left, char right) {
        return (left >= 'A' && left <= 'Z' ? left + ('a' - 'A') : left) == right;
    });
}

std::optional<std::uint64_t> number_in(const LeaderReply& reply, std::string_view header) {
    for (const auto& [name, value] : reply.headers) {
        if (!is_named(name, header)) continue;
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, number);
        if (parsed.ec == std::errc() && parsed.ptr == end) return number;
    }
    return std::nullopt;
}

}  // namespace

Problem problem_of(LeaderCallFault fault, LeaderCallKind kind) {
    CommandError error;
    error.fault = fault == LeaderCallFault::no_answer && kind == LeaderCallKind::command
                      ? CommandFault::outcome_unknown
                      : CommandFault::not_taking_commands;
    error.reason = "leader_away";
    Problem problem = problem_of(error);
    if (error.fault == CommandFault::not_taking_commands)
        problem.retry_after_seconds = away_retry_seconds;
    return problem;
}

std::optional<Receipt> receipt_in(const LeaderReply& reply) {
    if (reply.status < 200 || reply.status >= 300) return std::nullopt;
    const auto position = number_in(reply, "verbatim-position");
    if (!position) return std::nullopt;
    Receipt receipt{.position = Position(*position), .room_seq = std::nullopt};
    if (const auto seq = number_in(reply, "verbatim-room-seq")) receipt.room_seq = Version(*seq);
    return receipt;
}

}  // namespace verbatim
