#include "projections/search_scope.hpp"

#include "domain/type_id.hpp"

#include <algorithm>
#include <chrono>

namespace verbatim {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;
using std::chrono::years;

constexpr year first_year(1970);
constexpr year last_year(2069);
constexpr sys_days first_day(first_year / std::chrono::January / 1);
constexpr sys_days last_day(last_year / std::chrono::December / 31);

sys_days day_of(Timestamp time) {
    const std::chrono::microseconds since_epoch(time.microseconds());
    const sys_days day(std::chrono::floor<days>(since_epoch));
    return std::clamp(day, first_day, last_day);
}

// "Y2024", "M2024-5", "D19723": a text has no such tokens, for its letters are folded.
std::string year_token(const year_month_day& date) {
    return "Y" + std::to_string(static_cast<int>(date.year()));
}
std::string month_token(const year_month_day& date) {
    return "M" + std::to_string(static_cast<int>(date.year())) + "-" +
           std::to_string(static_cast<unsigned>(date.month()));
}
std::string day_token(sys_days day) {
    return "D" + std::to_string(day.time_since_epoch().count());
}

}  // namespace

// A text's tokens have no '_'.
std::string scope_token(const RoomId& room) {
    return to_text(room);
}
std::string scope_token(const UserId& sender) {
    return to_text(sender);
}

std::vector<std::string> time_tokens(Timestamp time) {
    const sys_days day = day_of(time);
    return {year_token(day), month_token(day), day_token(day)};
}

std::vector<std::string> time_cover(
    const std::optional<Timestamp>& since, const std::optional<Timestamp>& until
) {
    std::vector<std::string> cover;
    if (!since && !until) return cover;
    const sys_days last = until ? day_of(*until) : last_day;
    sys_days day = since ? day_of(*since) : first_day;
    while (day <= last) {
        const year_month_day date(day);
        const sys_days next_month(date.year() / date.month() / 1 + months(1));
        const sys_days next_year((date.year() + years(1)) / std::chrono::January / 1);
        const bool begins_month = date.day() == std::chrono::day(1);
        const bool begins_year = begins_month && date.month() == std::chrono::January;
        if (begins_year && next_year - days(1) <= last) {
            cover.push_back(year_token(date));
            day = next_year;
        } else if (begins_month && next_month - days(1) <= last) {
            cover.push_back(month_token(date));
            day = next_month;
        } else {
            cover.push_back(day_token(day));
            day += days(1);
        }
    }
    return cover;
}

}  // namespace verbatim
