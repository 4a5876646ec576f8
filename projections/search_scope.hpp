#pragma once

#include "domain/ids.hpp"

#include <optional>
#include <string>
#include <vector>

// Where and when a message was said, as tokens of the search index, so that FTS5 itself intersects
// them with the words and a search costs what it finds. Private to the index.
namespace verbatim {

[[nodiscard]] std::string scope_token(const RoomId& room);
[[nodiscard]] std::string scope_token(const UserId& sender);

// The year, month and day (UTC) of a time. Years before 1970 and from 2070 on count as the first
// and the last.
[[nodiscard]] std::vector<std::string> time_tokens(Timestamp time);
// The fewest tokens of which one is on every message of [since, until); also on some of the first
// and last day that are outside. Empty: no bound. At most some 200.
[[nodiscard]] std::vector<std::string> time_cover(
    const std::optional<Timestamp>& since, const std::optional<Timestamp>& until
);

}  // namespace verbatim
