#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace verbatim::testing {

// For what another process does and nobody tells: looks at it every few milliseconds, at most a
// minute. Whether it came true.
template <class Condition>
[[nodiscard]] bool comes_true(Condition holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::mutex alone;
    std::condition_variable moment;
    std::unique_lock lock(alone);
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        moment.wait_for(lock, std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace verbatim::testing
