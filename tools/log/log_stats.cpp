#include "tools/log/log_stats.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "tools/log/names.hpp"
#include "tools/text_output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace verbatim {

namespace {

using Json = nlohmann::ordered_json;
using Lines = std::vector<std::pair<std::string, std::uint64_t>>;

constexpr std::size_t days_shown_max = 31;
constexpr std::size_t day_characters = 10;
constexpr std::size_t month_characters = 7;

void add_section(std::string& text, const std::string& title, const Lines& lines) {
    if (lines.empty()) return;
    text += "\n" + title + "\n";
    for (const auto& [name, count] : lines) {
        const std::string number = std::to_string(count);
        text += "  " + std::string(number.size() < 10 ? 10 - number.size() : 0, ' ') + number +
                "  " + name + "\n";
    }
}

// The most frequent first.
Lines by_count(const std::map<std::string, std::uint64_t>& counts) {
    Lines lines(counts.begin(), counts.end());
    std::ranges::stable_sort(lines, std::greater(), &Lines::value_type::second);
    return lines;
}

template <class Top>
Lines named(const Top& top, std::uint64_t others, Names& names) {
    Lines lines;
    for (const auto& [id, count] : top) lines.emplace_back(names.of(id), count);
    if (others > 0) lines.emplace_back("those not told apart any more", others);
    return lines;
}

template <class Top>
Json listed(const Top& top, const char* id_name, LogSource& source) {
    Json list = Json::array();
    for (const auto& [id, count] : top) {
        const auto name = source.name_of(id);
        list.push_back(
            {{id_name, to_text(id)}, {"name", name ? Json(*name) : Json()}, {"events", count}}
        );
    }
    return list;
}

std::string distinct_text(std::size_t count, std::uint64_t others) {
    return std::to_string(count) + (others > 0 ? " or more" : "");
}

}  // namespace

template <class Id>
void LogStats::count(Counts<Id>& counts, const Id& id) const {
    const auto known = counts.by_id.find(id);
    if (known != counts.by_id.end())
        ++known->second;
    else if (counts.by_id.size() < distinct_max_)
        counts.by_id.emplace(id, 1);
    else
        ++counts.others;
}

void LogStats::count(const LogEvent& event) {
    const Timestamp shown = event.shown_time();
    if (!first_position_) {
        first_position_ = event.position;
        first_recorded_ = event.at;
        first_occurred_ = last_occurred_ = shown;
    }
    ++events_;
    envelope_bytes_ += event.envelope.size() + 1;
    if (event.text) text_bytes_ += event.text->size();
    last_position_ = event.position;
    last_recorded_ = event.at;
    first_occurred_ = std::min(first_occurred_, shown);
    last_occurred_ = std::max(last_occurred_, shown);
    ++types_[event.type];
    ++days_[rfc3339(shown).substr(0, day_characters)];
    if (event.room) count(rooms_, *event.room);
    if (!event.actor.is_nil()) count(users_, event.actor);
}

template <class Id>
std::vector<std::pair<Id, std::uint64_t>> LogStats::top_of(
    const Counts<Id>& counts, std::size_t top
) {
    std::vector<std::pair<Id, std::uint64_t>> found(std::min(top, counts.by_id.size()));
    std::ranges::partial_sort_copy(counts.by_id, found, [](const auto& one, const auto& other) {
        return one.second != other.second ? one.second > other.second : one.first < other.first;
    });
    return found;
}

std::map<std::string, std::uint64_t> LogStats::by_day_or_month() const {
    if (days_.size() <= days_shown_max) return days_;
    std::map<std::string, std::uint64_t> months;
    for (const auto& [day, count] : days_) months[day.substr(0, month_characters)] += count;
    return months;
}

std::string LogStats::table(LogSource& source, std::size_t top) const {
    if (!first_position_) return "no events\n";
    Names names(source);
    std::string text =
        "events      " + std::to_string(events_) + ", positions " +
        std::to_string(first_position_->value()) + " to " + std::to_string(last_position_.value()) +
        "\nrecorded    " + rfc3339(first_recorded_) + " to " + rfc3339(last_recorded_) +
        "\nhappened    " + rfc3339(first_occurred_) + " to " + rfc3339(last_occurred_) +
        "\nusers       " + distinct_text(users_.by_id.size(), users_.others) + "\nrooms       " +
        distinct_text(rooms_.by_id.size(), rooms_.others) + "\nbytes       " +
        std::to_string(envelope_bytes_) + " as JSON lines, " + std::to_string(text_bytes_) +
        " of them texts of messages\n";
    if (const auto disk = source.disk_bytes())
        text += "on disk     " + std::to_string(*disk) + " bytes, the whole log\n";
    add_section(text, "by type", by_count(types_));
    add_section(text, "by room", named(top_of(rooms_, top), rooms_.others, names));
    add_section(text, "by user", named(top_of(users_, top), users_.others, names));
    const auto days = by_day_or_month();
    add_section(
        text, days_.size() == days.size() ? "by day" : "by month", Lines(days.begin(), days.end())
    );
    return text;
}

std::string LogStats::json(LogSource& source, std::size_t top) const {
    const bool some = first_position_.has_value();
    const auto time = [&](Timestamp at) { return some ? Json(rfc3339(at)) : Json(); };
    const auto disk = source.disk_bytes();
    const Json out = {
        {"events", events_},
        {"first_position", some ? Json(first_position_->value()) : Json()},
        {"last_position", some ? Json(last_position_.value()) : Json()},
        {"first_at", time(first_recorded_)},
        {"last_at", time(last_recorded_)},
        {"first_occurred_at", time(first_occurred_)},
        {"last_occurred_at", time(last_occurred_)},
        {"distinct_users", users_.by_id.size()},
        {"distinct_rooms", rooms_.by_id.size()},
        {"json_bytes", envelope_bytes_},
        {"text_bytes", text_bytes_},
        {"disk_bytes", disk ? Json(*disk) : Json()},
        {"types", types_},
        {"rooms", listed(top_of(rooms_, top), "room_id", source)},
        {"users", listed(top_of(users_, top), "user_id", source)},
        {"days", days_}};
    return out.dump() + "\n";
}

}  // namespace verbatim
