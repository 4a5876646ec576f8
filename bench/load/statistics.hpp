#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
        .count();
}

// Counts latencies in microseconds, exact below 4,096 and within 1/64 above.
class Histogram {
public:
    void add(std::int64_t us) {
        const std::size_t slot = slot_of(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
        if (slot >= counts_.size()) counts_.resize(slot + 1);
        ++counts_[slot];
        ++total_;
    }
    // Upper bound of the slot that holds the q-quantile.
    [[nodiscard]] std::uint64_t quantile(double q) const {
        const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
            seen += counts_[slot];
            if (seen > rank) return value_of(slot);
        }
        return counts_.empty() ? 0 : value_of(counts_.size() - 1);
    }
    [[nodiscard]] std::uint64_t count() const { return total_; }

private:
    static constexpr std::uint64_t exact = 4096;
    static constexpr std::uint64_t steps = 64;

    static std::size_t slot_of(std::uint64_t us) {
        std::uint64_t base = exact;
        std::uint64_t slot = exact;
        if (us < exact) return us;
        while (us >= 2 * base) {
            base *= 2;
            slot += steps;
        }
        return slot + (us - base) * steps / base;
    }
    static std::uint64_t value_of(std::size_t slot) {
        if (slot < exact) return slot;
        const std::uint64_t octave = (slot - exact) / steps;
        const std::uint64_t base = exact << octave;
        return base + ((slot - exact) % steps + 1) * base / steps;
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
};

// Seconds of processor time: a process's by its pid, or this one's.
[[nodiscard]] inline double cpu_seconds_of(long pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t end_of_name = text.rfind(')');
    if (end_of_name == std::string::npos) return 0;
    std::istringstream fields(text.substr(end_of_name + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}
[[nodiscard]] inline double own_cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace bench
