#pragma once

#include "eventstore/record_layout.hpp"
#include "tools/log/log_event.hpp"
#include "tools/log/text_pattern.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// By which of its two times an event is judged.
enum class TimeMeant {
    recorded,  // log time: never goes back, and is found without looking at what came before
    occurred,  // what an import claims; else log time
};

// Which events are wanted. What is absent or empty lets all through.
struct LogQuery {
    Position after{};  // exclusive
    Position up_to{std::numeric_limits<std::uint64_t>::max()};
    std::optional<RoomId> room{};
    std::optional<UserId> actor{};
    std::vector<std::string> types{};  // any of them; "message.*" stands for all that begin so
    std::optional<Timestamp> since{};  // inclusive
    std::optional<Timestamp> until{};  // exclusive
    TimeMeant time = TimeMeant::recorded;
    std::optional<TextPattern> text{};  // only messages and edits have texts

    // False only where the event cannot match: before it is decoded.
    [[nodiscard]] bool may_match(const RecordView& record) const;
    // All but `after` and `up_to`.
    [[nodiscard]] bool matches(const LogEvent& event) const;
};

// Why `type` names no event type, for people, or nullopt.
[[nodiscard]] std::optional<std::string> fault_in_type(const std::string& type);
// "2005-06-27T12:00:00Z", or the beginning of a day: "2005-06-27", UTC. nullopt: neither.
[[nodiscard]] std::optional<Timestamp> parse_time_or_day(const std::string& text);

}  // namespace verbatim
