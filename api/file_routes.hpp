#pragma once

#include "api/exchange.hpp"

namespace verbatim::api::files {

void show_file(const ExchangePtr& exchange, const Actor& actor);

// "attachment; filename="a.txt"; filename*=UTF-8''%C3%A4.txt" (RFC 6266), or inline.
[[nodiscard]] std::string content_disposition(
    std::string_view media_type, std::string_view filename
);

}  // namespace verbatim::api::files
