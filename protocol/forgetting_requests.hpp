#pragma once

#include "domain/account.hpp"
#include "projections/views.hpp"
#include "protocol/problem.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
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

// What has a user erased, as the sequencer needs it: with the rooms that the user is or was in, as
// these views know them. Whether a legal hold is on one of them is for the rules to see.
[[nodiscard]] Answer<BeginErasure> erasure_of(
    const Views& views, const UserId& user, std::optional<Version> verified
);

}  // namespace verbatim
