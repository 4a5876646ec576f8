#pragma once

#include "domain/ids.hpp"

#include <functional>
#include <optional>
#include <string>

namespace verbatim {

// The first row, in the order of keys, in which a view and a fresh fold of the log differ.
struct ViewDifference {
    Position position;  // both had folded everything up to it
    std::string key;
    std::optional<std::string> live;   // nullopt: the view has no such row
    std::optional<std::string> fresh;  // nullopt: the fold has none
};

enum class RebuildStage { folding, comparing, exchanging };

struct RebuildRequest {
    // Only compares: the live copy stays.
    bool compares_only = false;
    Timestamp now;  // noted with the exchange
    // Told where it is, many times a second; false: give up. May be empty.
    std::function<bool(RebuildStage, Position folded)> reached;
};

struct RebuildReport {
    Position position;  // that the fresh copy had reached at the end
    std::optional<ViewDifference> difference;
    bool was_given_up = false;
};

}  // namespace verbatim
