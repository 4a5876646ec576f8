#pragma once

#include <string>

namespace verbatim::api {

// "req_" and the 26 characters of a new UUIDv7. Any thread; takes no lock and makes no system call
// but reading the clock. Unique, not secret: it may be guessed from earlier ones.
[[nodiscard]] std::string new_request_id();

}  // namespace verbatim::api
