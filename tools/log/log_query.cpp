#include "tools/log/log_query.hpp"

#include "eventstore/codec.hpp"
#include "projections/json_text.hpp"

#include <algorithm>

namespace verbatim {

namespace {

constexpr std::string_view any_of_them = ".*";

bool is_of(std::string_view type, std::string_view wanted) {
    if (!wanted.ends_with(any_of_them)) return type == wanted;
    wanted.remove_suffix(1);
    return type.starts_with(wanted);
}

bool is_wanted(const std::vector<std::string>& types, std::string_view type) {
    return types.empty() ||
           std::ranges::any_of(types, [&](const std::string& one) { return is_of(type, one); });
}

}  // namespace

bool LogQuery::may_match(const RecordView& record) const {
    if (actor && record.actor != *actor) return false;
    if (!is_wanted(types, record.type)) return false;
    // A read marker's room is among its facts.
    if (room && record.stream != stream_of(*room) && record.stream.kind != StreamKind::reader)
        return false;
    if (text && record.type != "message.sent" && record.type != "message.edited") return false;
    const Timestamp when =
        time == TimeMeant::occurred ? record.occurred_at.value_or(record.at) : record.at;
    return (!since || when >= *since) && (!until || when < *until);
}

bool LogQuery::matches(const LogEvent& event) const {
    if (actor && event.actor != *actor) return false;
    if (!is_wanted(types, event.type)) return false;
    if (room && event.room != room) return false;
    const Timestamp when = time == TimeMeant::occurred ? event.shown_time() : event.at;
    if ((since && when < *since) || (until && when >= *until)) return false;
    return !text || (event.text && text->find(*event.text));
}

std::optional<std::string> fault_in_type(const std::string& type) {
    const auto known = event_types();
    if (std::ranges::any_of(known, [&](const EventType& one) { return is_of(one.type, type); }))
        return std::nullopt;
    return "no event is of type \"" + type + "\" (docs/event_catalogue.md lists them)";
}

std::optional<Timestamp> parse_time_or_day(const std::string& text) {
    constexpr std::size_t day_characters = 10;
    return parse_rfc3339(text.size() == day_characters ? text + "T00:00:00Z" : text);
}

}  // namespace verbatim
