#pragma once

#include "api/exchange.hpp"

namespace verbatim::api::files {

void show_file(const ExchangePtr& exchange, const Actor& actor);

// `count` bytes of a blob from `first` on, read while the client takes them.
[[nodiscard]] std::shared_ptr<BodyStream> stream_of(
    Blob blob, std::uint64_t first, std::uint64_t count
);

// "attachment; filename="a.txt"; filename*=UTF-8''%C3%A4.txt" (RFC 6266), or inline.
[[nodiscard]] std::string content_disposition(
    std::string_view media_type, std::string_view filename
);

}  // namespace verbatim::api::files
