#pragma once

#include "domain/ids.hpp"
#include "eventstore/event_log.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace verbatim {

// Makes event ids: UUIDv7 (RFC 9562 5.7), a time and 74 random bits. Threads: one at a time.
class EventIds {
public:
    explicit EventIds(RandomBytes random) : random_(std::move(random)) {}

    [[nodiscard]] EventId next(Timestamp now);

private:
    static constexpr std::size_t random_bytes_each = 10;

    const RandomBytes random_;
    // Random bytes are asked for in bulk: each request of the source may be a system call.
    std::array<std::uint8_t, 256 * random_bytes_each> pool_{};
    std::size_t used_ = sizeof pool_;
};

}  // namespace verbatim
