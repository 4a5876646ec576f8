#include "broker/feed/replay_pace.hpp"

#include <algorithm>

namespace verbatim::feed {
namespace {

// Timers and sockets are late by some milliseconds, which the next events make up for; by more only
// a reader that is too slow.
constexpr auto lateness_made_up = std::chrono::seconds(1);

}  // namespace

ReplayPace::Time ReplayPace::due(const RecordedEvent& event, Time now) {
    due_ = previous_ && speed_ ? due_ + since_previous(event) : now;
    previous_ = {.at = event.at, .occurred_at = event.occurred_at};
    if (now > due_ + lateness_made_up) due_ = now;
    return due_;
}

ReplayPace::Duration ReplayPace::since_previous(const RecordedEvent& event) const {
    const bool both_occurred = event.occurred_at && previous_->occurred_at;
    const std::int64_t passed =
        both_occurred ? event.occurred_at->microseconds() - previous_->occurred_at->microseconds()
                      : event.at.microseconds() - previous_->at.microseconds();
    const std::chrono::duration<double, std::micro> scaled(
        static_cast<double>(std::max<std::int64_t>(passed, 0)) / *speed_
    );
    const auto wait = longest_pause_
                          ? std::min<std::chrono::duration<double, std::micro>>(
                                scaled, std::chrono::duration<double, std::micro>(*longest_pause_)
                            )
                          : scaled;
    return std::chrono::duration_cast<Duration>(wait);
}

}  // namespace verbatim::feed
