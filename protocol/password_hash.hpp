#pragma once

#include <string>

namespace verbatim {

// Argon2id (RFC 9106, libsodium's INTERACTIVE cost: 64 MiB, some 70 ms) with a salt of its own,
// encoded; "" when there was no memory for it. Any thread.
[[nodiscard]] std::string password_hash(const std::string& password);

}  // namespace verbatim
