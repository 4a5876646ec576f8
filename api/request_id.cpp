#include "api/request_id.hpp"

#include "domain/ids.hpp"
#include "domain/type_id.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace verbatim::api {

namespace {

std::mt19937_64 seeded_generator() {
    std::random_device entropy;
    std::seed_seq seed{entropy(), entropy(), entropy(), entropy()};
    return std::mt19937_64(seed);
}

// RFC 9562, 5.7: 48 bits of milliseconds, version 7, 12 random bits, variant 2, 62 random bits.
Uuid new_uuid_v7() {
    thread_local std::mt19937_64 generator = seeded_generator();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count()
    );
    const std::uint64_t high = milliseconds << 16 | 0x7000 | (generator() & 0x0FFF);
    const std::uint64_t low = (generator() & 0x3FFF'FFFF'FFFF'FFFF) | 0x8000'0000'0000'0000;
    Uuid uuid;
    for (std::size_t byte = 0; byte < 8; ++byte) {
        uuid.bytes[byte] = static_cast<std::uint8_t>(high >> (56 - 8 * byte));
        uuid.bytes[byte + 8] = static_cast<std::uint8_t>(low >> (56 - 8 * byte));
    }
    return uuid;
}

}  // namespace

std::string new_request_id() {
    return "req_" + base32_text(new_uuid_v7());
}

}  // namespace verbatim::api
