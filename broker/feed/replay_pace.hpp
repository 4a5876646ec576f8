#pragma once

#include "eventstore/event_record.hpp"

#include <chrono>
#include <optional>

namespace verbatim::feed {

// When each event of a replay is due, if history is to go by at its own pace or a multiple of it.
//
// Between two events lies the time between their `occurred_at` where both have one, as imported
// ones do; else between their log times. A clock that went back takes no time. Pure; the caller
// brings the clock.
class ReplayPace {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    // `speed`: how many times as fast as it was; > 0, nullopt: as fast as clients read. Pauses last
    // `longest_pause` at most, nullopt: as long as they did.
    ReplayPace(std::optional<double> speed, std::optional<Duration> longest_pause)
        : speed_(speed), longest_pause_(longest_pause) {}

    // When `event`, the next one, is due. What could not be kept up with is not made up for: the
    // events after it are as far apart as they were.
    [[nodiscard]] Time due(const RecordedEvent& event, Time now);

private:
    struct Times {
        Timestamp at;
        std::optional<Timestamp> occurred_at;
    };
    [[nodiscard]] Duration since_previous(const RecordedEvent& event) const;

    std::optional<double> speed_;
    std::optional<Duration> longest_pause_;
    std::optional<Times> previous_;
    Time due_;
};

}  // namespace verbatim::feed
