#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// Standard base64 with padding (RFC 4648, 4).
[[nodiscard]] std::string base64_text(std::string_view bytes);
// nullopt unless `text` is exactly that of some bytes.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

}  // namespace verbatim
