#include "eventstore/upcaster.hpp"

#include "eventstore/event_types.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace verbatim {
namespace {

// The whole history of shapes on one screen.

// v2 may name the invite link by which the member came. Before v2 there were none.
nlohmann::json member_joined_v1_to_v2(nlohmann::json facts) {
    return facts;
}

// v2 names the digest of each attached file's bytes. v1 did not record it: all zeros.
nlohmann::json message_sent_v1_to_v2(nlohmann::json facts) {
    if (!facts.contains("attachments")) return facts;
    for (nlohmann::json& attachment : facts.at("attachments"))
        attachment["sha256"] = std::string(64, '0');
    return facts;
}

constexpr auto steps = std::to_array<UpcastStep>({
    {"member.joined", 1, &member_joined_v1_to_v2},
    {"message.sent", 1, &message_sent_v1_to_v2},
});
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
