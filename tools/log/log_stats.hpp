#pragma once

#include "tools/log/log_event.hpp"
#include "tools/log/log_source.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace verbatim {

// Figures of a log, event by event. Takes some bytes for each room, user and day, and nothing for
// an event. Single thread.
class LogStats {
public:
    // Beyond so many rooms, or users, further ones are counted together: `distinct_max`.
    explicit LogStats(std::size_t distinct_max = 1'000'000) : distinct_max_(distinct_max) {}

    void count(const LogEvent& event);

    // For people: `top` rooms and users, days as long as they are few, else months.
    [[nodiscard]] std::string table(LogSource& source, std::size_t top) const;
    // One line: all days; `top` rooms and users, with id and name.
    [[nodiscard]] std::string json(LogSource& source, std::size_t top) const;

private:
    template <class Id>
    struct Counts {
        std::unordered_map<Id, std::uint64_t> by_id;
        std::uint64_t others = 0;  // events of those that were not told apart any more
    };
    template <class Id>
    void count(Counts<Id>& counts, const Id& id) const;
    template <class Id>
    [[nodiscard]] static std::vector<std::pair<Id, std::uint64_t>> top_of(
        const Counts<Id>& counts, std::size_t top
    );
    [[nodiscard]] std::map<std::string, std::uint64_t> by_day_or_month() const;

    std::size_t distinct_max_;
    std::uint64_t events_ = 0;
    std::uint64_t envelope_bytes_ = 0;
    std::uint64_t text_bytes_ = 0;
    std::optional<Position> first_position_;
    Position last_position_;
    Timestamp first_recorded_;
    Timestamp last_recorded_;
    Timestamp first_occurred_;
    Timestamp last_occurred_;
    std::map<std::string, std::uint64_t> types_;
    std::map<std::string, std::uint64_t> days_;  // "2005-06-27", by shown_time()
    Counts<RoomId> rooms_;
    Counts<UserId> users_;
};

}  // namespace verbatim
