#pragma once

#include "api/request_head.hpp"
#include "api/route_table.hpp"
#include "api/server_core.hpp"

#include <optional>
#include <string_view>

namespace verbatim::api {

// What can be answered from the head alone, without a handler: no such path, no such method, what a
// browser asks before it crosses origins, and OPTIONS in general. nullopt: the route's handler is
// to answer.
[[nodiscard]] std::optional<HttpResponse> early_answer(
    const ServerCore& core,
    const RequestHead& head,
    const RouteTable::Match& match,
    std::string_view request_id
);

// The request's Origin where it is one of the configured ones; otherwise "".
[[nodiscard]] std::string_view allowed_origin(
    const ServerOptions& options, const std::string* origin_header
);

}  // namespace verbatim::api
