#pragma once

#include <cstdint>

namespace verbatim::feed {

// Why this node ends a feed (RFC 6455 7.4 and the contract's own). 1002, 1007 and 1009 are sent by
// Beast itself.
enum class CloseCode : std::uint16_t {
    draining = 1001,
    binary = 1003,
    internal = 1011,
    behind = 1013,
    not_authenticated = 4401,
    not_allowed = 4403,
    too_slow = 4408,
    cursor_unknown = 4410,
};

}  // namespace verbatim::feed
