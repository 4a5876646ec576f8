#pragma once

#include "api/http.hpp"
#include "domain/ids.hpp"
#include "protocol/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// The header fields of tus requests and answers.
namespace verbatim::api::uploads {

// A whole number; 400 when it is missing or is none.
[[nodiscard]] Answer<std::uint64_t> number_in_header(const HttpRequest& request, const char* name);

// The value of `filename` in Upload-Metadata ("filename d29ybGQ=,filetype
// dGV4dC9wbGFpbg==,secret");
// "" when there is none. 400 when the list breaks the grammar or is longer than
// limits::upload_metadata_bytes_max; 422 filename.
[[nodiscard]] Answer<std::string> filename_in_metadata(std::string_view metadata);

// 415 unless the body, if there is one, says application/offset+octet-stream.
[[nodiscard]] Answer<void> check_chunk_type(const HttpRequest& request);
// 460 when Upload-Checksum does not match the body; 400 when it is none that is known.
[[nodiscard]] Answer<void> check_checksum(const HttpRequest& request);

// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string http_date(Timestamp time);

}  // namespace verbatim::api::uploads
