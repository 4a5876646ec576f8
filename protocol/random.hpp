#pragma once

#include "domain/ids.hpp"

#include <cstdint>
#include <span>

namespace verbatim {

// Unpredictable bytes from the system, by libsodium. Any thread.
void random_bytes(std::span<std::uint8_t> out);
// UUIDv7 (RFC 9562 5.7) of this moment. Any thread.
[[nodiscard]] Uuid new_uuid(Timestamp now);
// The system's clock. Log time, which never goes back, is made of it by the sequencer.
[[nodiscard]] Timestamp system_now();

}  // namespace verbatim
