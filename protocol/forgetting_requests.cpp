#include "protocol/forgetting_requests.hpp"

#include "domain/limits.hpp"
#include "protocol/request_members.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

Answer<std::string> read_erasure(const nlohmann::json& body) {
    return read_any_text(body, "password");
}

Answer<std::uint32_t> read_retention(const nlohmann::json& body) {
    const auto days = read_number(body, "days", 1, limits::retention_days_max);
    if (!days) return failure(days.error());
    return static_cast<std::uint32_t>(*days);
}

Answer<std::string> read_hold(const nlohmann::json& body) {
    return read_text(body, "reason", {1, limits::hold_reason_characters_max});
}

Answer<void> unless_writings_are_held(const Views& views, const UserId& user) {
    const auto holds = views.holds().all();
    if (!holds) return failure(problem_of(holds.error()));
    for (const HoldRow& hold : *holds) {
        if (!hold.room) continue;
        const auto spans = views.memberships().spans(user, *hold.room);
        if (!spans) return failure(problem_of(spans.error()));
        if (!spans->empty()) return failure(problem_of(Rule::is_held));
    }
    return {};
}

}  // namespace verbatim
