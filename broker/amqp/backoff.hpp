#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace verbatim::amqp {

// How long to wait before the next attempt: twice as long each time up to a bound, and of that a
// random half, so that many nodes do not come at once. Threads: one.
class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed)
        : first_(first), longest_(longest), next_(first), random_(seed) {}

    // Between a half and the whole of this attempt's span.
    [[nodiscard]] std::chrono::milliseconds next() {
        const auto span = next_;
        next_ = std::min(next_ * 2, longest_);
        std::uniform_int_distribution<std::int64_t> within(span.count() / 2, span.count());
        return std::chrono::milliseconds(within(random_));
    }
    // After a success.
    void reset() { next_ = first_; }

private:
    const std::chrono::milliseconds first_;
    const std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
    std::mt19937_64 random_;
};

}  // namespace verbatim::amqp
