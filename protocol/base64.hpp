#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// Standard base64 with padding (RFC 4648, 4).
[[nodiscard]] std::string base64_text(std::string_view bytes);
// RFC 4648, 4, with its padding or without; nothing else between. nullopt: it is not that.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

}  // namespace verbatim
