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

Answer<BeginErasure> erasure_of(
    const Views& views, const UserId& user, std::optional<Version> verified
) {
    BeginErasure erasure{.verified = verified, .rooms = {}, .rooms_as_of = views.position()};
    const auto spans = views.memberships().spans(user);
    if (!spans) return failure(problem_of(spans.error()));
    for (const MembershipSpan& span : *spans)
        if (erasure.rooms.empty() || erasure.rooms.back() != span.room)
            erasure.rooms.push_back(span.room);
    return erasure;
}

}  // namespace verbatim
