#include "protocol/message_history.hpp"

#include "protocol/object_writer.hpp"

#include <utility>

namespace verbatim {
namespace {

// Events of the message that one page looks at: some milliseconds' reading.
constexpr std::size_t events_examined_max = 1'000;

struct Wording {
    Text text;
    std::vector<UserId> mentions;
};

// nullopt: the event leaves the text alone.
std::optional<Wording> wording_of(const RecordedEvent& event) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return std::nullopt;
    if (const auto* const sent = std::get_if<MessageSent>(room_event))
        return Wording{.text = sent->text, .mentions = sent->mentions};
    if (const auto* const edited = std::get_if<MessageEdited>(room_event))
        return Wording{.text = edited->text, .mentions = edited->mentions};
    return std::nullopt;
}

std::string wording_json(const RecordedEvent& event, const Wording& wording) {
    std::string out;
    ObjectWriter object(out);
    object.put("room_seq", event.version);
    object.put("text", wording.text);
    std::string& mentions = object.member("mentions");
    mentions += '[';
    for (const UserId& user : wording.mentions) {
        if (&user != &wording.mentions.front()) mentions += ',';
        append_json_id(mentions, user);
    }
    mentions += ']';
    object.put("at", event.occurred_at.value_or(event.at));
    object.put("by", event.actor);
    object.close();
    return out;
}

// Takes wordings from the cursor until there are `limit` and it is known whether there are more.
Answer<HistoryPage> take_wordings(EventCursor& cursor, bool is_deleted, std::size_t limit) {
    HistoryPage page;
    std::size_t count = 0;
    Version last_taken;
    Version last_seen;
    for (std::size_t examined = 0; examined < events_examined_max; ++examined) {
        const auto event = cursor.next();
        if (!event) return failure(problem_of(event.error()));
        if (!*event) return page;
        auto wording = wording_of(**event);
        last_seen = (*event)->version;
        if (!wording) continue;
        if (count == limit) {
            page.next = last_taken;
            return page;
        }
        if (is_deleted) *wording = Wording();
        if (count++ > 0) page.items += ',';
        page.items += wording_json(**event, *wording);
        last_taken = last_seen;
    }
    page.next = last_seen;
    return page;
}

}  // namespace

Answer<HistoryPage> history_page(
    const Views& views,
    const EventLog& log,
    const RoomId& room,
    Version seq,
    Version after,
    std::size_t limit
) {
    const auto entry = views.timeline().entry(room, seq);
    if (!entry) return failure(problem_of(entry.error()));
    if (!*entry) return failure(problem_of(Rule::message_not_found));
    const auto cursor = log.read_message(room, seq, after);
    return take_wordings(*cursor, (*entry)->is_deleted, limit);
}

}  // namespace verbatim
