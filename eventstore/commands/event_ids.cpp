#include "eventstore/commands/event_ids.hpp"

#include <algorithm>

namespace verbatim {

EventId EventIds::next(Timestamp now) {
    if (used_ == pool_.size()) {
        random_(pool_);
        used_ = 0;
    }
    Uuid id;
    const auto milliseconds = static_cast<std::uint64_t>(now.microseconds()) / 1'000;
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - i)));
    std::copy_n(
        pool_.begin() + static_cast<std::ptrdiff_t>(used_), random_bytes_each, id.bytes.begin() + 6
    );
    used_ += random_bytes_each;
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));  // version 7
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));  // variant
    return EventId(id);
}

}  // namespace verbatim
