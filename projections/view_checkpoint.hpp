#pragma once

#include "eventstore/digest.hpp"
#include "projections/row_codec.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// How far a view has folded which log, in the view's own column and written with its rows. Private
// to the views.
struct ViewCheckpoint {
    Position position;
    Uuid epoch;
    Digest leaf{};             // leaf hash of the record at `position`
    std::uint32_t schema = 0;  // of the view's rows

    friend bool operator==(const ViewCheckpoint&, const ViewCheckpoint&) = default;
};

inline constexpr std::string_view checkpoint_key(&checkpoint_kind, 1);

[[nodiscard]] std::string checkpoint_row(const ViewCheckpoint& checkpoint);
// nullopt: not such a row.
[[nodiscard]] std::optional<ViewCheckpoint> parse_checkpoint(std::string_view row);

}  // namespace verbatim
