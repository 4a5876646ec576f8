#pragma once

#include "protocol/problem.hpp"

#include <string>
#include <string_view>

namespace verbatim::feed {

// The HTTP answer to a handshake that is refused, as it goes on the wire.
[[nodiscard]] std::string refusal_text(const Problem& problem, std::string_view request_id);

}  // namespace verbatim::feed
