#pragma once

#include "eventstore/codec.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

// Lifts the facts of older schemas to the newest, one step at a time, so that the codec and all
// above it know only the newest shape. Steps are free functions, listed in one table.
namespace verbatim {

struct UpcastStep {
    std::string_view type;
    std::uint16_t from;  // leads to from + 1
    nlohmann::json (*lift)(nlohmann::json facts);
};

// Whether the steps of each type lead in order from schema 1 to its newest, and belong to a type.
[[nodiscard]] constexpr bool is_gapless(
    std::span<const UpcastStep> steps, std::span<const EventType> newest
) {
    std::size_t used = 0;
    for (const EventType& wire : newest) {
        std::uint16_t reached = 1;
        for (const UpcastStep& step : steps) {
            if (step.type != wire.type) continue;
            if (step.from != reached) return false;
            ++reached;
            ++used;
        }
        if (reached != wire.schema) return false;
    }
    return used == steps.size();
}

// This build's table.
[[nodiscard]] std::span<const UpcastStep> upcast_steps();

// `facts` of `type` in schema `from`, as its newest schema has them. Requires: is_gapless(steps).
// Errors: corrupt_record (a step met facts that are not what its schema says).
[[nodiscard]] StoreResult<nlohmann::json> upcast(
    std::span<const UpcastStep> steps,
    std::string_view type,
    std::uint16_t from,
    nlohmann::json facts
);

}  // namespace verbatim
