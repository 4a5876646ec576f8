#include "eventstore/upcaster.hpp"

#include "eventstore/event_types.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace verbatim {
namespace {

// The whole history of shapes on one screen. Every event still has its first, so it is empty.
constexpr std::array<UpcastStep, 0> steps{};
static_assert(is_gapless(steps, all_event_types), "each schema must lead to the next");

}  // namespace

std::span<const UpcastStep> upcast_steps() {
    return steps;
}

StoreResult<nlohmann::json> upcast(
    std::span<const UpcastStep> table,
    std::string_view type,
    std::uint16_t from,
    nlohmann::json facts
) {
    for (const UpcastStep& step : table) {
        if (step.type != type || step.from < from) continue;
        try {
            facts = step.lift(std::move(facts));
        } catch (const nlohmann::json::exception&) {
            return failure(StoreError{
                StoreFault::corrupt_record,
                {},
                "the facts of " + std::string(type) + " are not those of schema " +
                    std::to_string(step.from)});
        }
    }
    return facts;
}

}  // namespace verbatim
