#include "protocol/random.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <sodium.h>

namespace verbatim {

namespace {

// One system call for many small requests.
class RandomPool {
public:
    void take(std::span<std::uint8_t> out) {
        if (out.size() > pool_.size()) return randombytes_buf(out.data(), out.size());
        if (used_ + out.size() > pool_.size()) {
            randombytes_buf(pool_.data(), pool_.size());
            used_ = 0;
        }
        const auto from = pool_.begin() + static_cast<std::ptrdiff_t>(used_);
        std::copy_n(from, out.size(), out.begin());
        // What was given out is not kept.
        std::fill_n(from, out.size(), std::uint8_t{0});
        used_ += out.size();
    }

private:
    std::array<std::uint8_t, 4096> pool_{};
    std::size_t used_ = pool_.size();
};

}  // namespace

void random_bytes(std::span<std::uint8_t> out) {
    static thread_local RandomPool pool;
    pool.take(out);
}

Uuid new_uuid(Timestamp now) {
    Uuid uuid;
    random_bytes(uuid.bytes);
    const auto ms = static_cast<std::uint64_t>(now.microseconds() / 1000);
    for (std::size_t i = 0; i < 6; ++i)
        uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | (uuid.bytes[6] & 0x0f));
    uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
    return uuid;
}

Timestamp system_now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

}  // namespace verbatim
