#pragma once

#include "projections/rebuilds.hpp"

#include <optional>
#include <string>
#include <string_view>

// Rows of projections for people.
namespace verbatim {

// What a row's key says: "member room_01… user_01…"; in hex where it is none that is known.
[[nodiscard]] std::string name_of_row(std::string_view projection, std::string_view key);
// The row's value as text where it is text, else in hex; cut after some hundred characters.
[[nodiscard]] std::string shown_value(std::string_view value);
// What came of a rebuild, as one line.
[[nodiscard]] std::string sentence_about(
    std::string_view projection, const ProjectionStatus::Ended& ended
);
// The same where `first_row`, as name_of_row() has it, is what differed first.
[[nodiscard]] std::string sentence_about(
    std::string_view projection,
    const ProjectionStatus::Ended& ended,
    const std::optional<std::string>& first_row
);

}  // namespace verbatim
