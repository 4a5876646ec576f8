#pragma once

#include "domain/ids.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

// What requests about forgetting say. Each answers 422 with the member's name where it is not what
// it must be.
namespace verbatim {

// {password}
[[nodiscard]] Answer<std::string> read_erasure(const nlohmann::json& body);
// {days}: 1 to limits::retention_days_max.
[[nodiscard]] Answer<std::uint32_t> read_retention(const nlohmann::json& body);
// {reason}
[[nodiscard]] Answer<std::string> read_hold(const nlohmann::json& body);

// Refuses with is_held where a legal hold is on a room that the user is or was in: what the user
// wrote there is held with it. A hold on the user itself is for the rules to see.
[[nodiscard]] Answer<void> unless_writings_are_held(const Views& views, const UserId& user);

}  // namespace verbatim
