#pragma once

#include "api/http.hpp"

#include <string>
#include <string_view>

namespace verbatim::api {

// What our own pages may load: their own scripts and styles; pictures and media that a script
// fetched with a token (blob:) or drew (data:); and feeds, which are on another port and so of
// another origin.
inline constexpr std::string_view page_policy =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";
// The same for Swagger UI, which writes style attributes. Its page sends it itself.
inline constexpr std::string_view docs_page_policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
// For documents that could run scripts and are no pages of ours, such as uploaded SVG.
inline constexpr std::string_view foreign_document_policy =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

// Appends the fields that tell browsers what not to do with this answer. A policy that the answer
// brings itself stands. Cross-Origin-Resource-Policy does not concern configured origins: it is
// about requests without CORS, such as another site's <img>.
void append_security_headers(std::string& out, const HttpResponse& response);

}  // namespace verbatim::api
