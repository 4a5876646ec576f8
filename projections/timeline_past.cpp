#include "projections/json_text.hpp"
#include "projections/message_json.hpp"
#include "projections/timeline_walk.hpp"

#include <algorithm>
#include <utility>

// A room's messages as they were. Every event that changed a message left a row that says how the
// message was since, but for its texts: where they changed since, they are in the log, in the
// message's sending and its last edit of the time. A message that did not change since is served as
// its row is.
namespace verbatim {
namespace {

using namespace timeline_rows;
using namespace timeline_walk;

constexpr std::string_view view_name = "room_timeline";

template <class Value>
std::string json_of(const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
}

template <class Said>
StoreResult<std::pair<RecordedEvent, Said>> read_as(const EventLog& log, Position position) {
    auto event = log.read(position);
    if (!event) return failure(event.error());
    auto* const room_event = std::get_if<RoomEvent>(&event->event);
    auto* const said = room_event == nullptr ? nullptr : std::get_if<Said>(room_event);
    if (said == nullptr) return damaged_row(view_name);
    Said copy = std::move(*said);
    return std::pair(std::move(*event), std::move(copy));
}

// What an event made a message say, as JSON.
struct Wording {
    std::string text;
    std::string mentions;
    std::string edited_at;
};

// The messages of one room as they were at one moment.
class PastMessages {
public:
    PastMessages(
        const Storage& storage,
        std::size_t column,
        const EventLog& log,
        const RoomId& room,
        const PastPageRequest& request
    )
        : log_(log),
          room_(room),
          as_of_(request.moment.position),
          shows_deleted_since_(request.shows_deleted_since),
          cursor_(storage.cursor(column, end_of_prefix(RowKey(past_message_kind).id(room)))) {}

    // Appends the message whose row that is. True: it had reactions.
    StoreResult<bool> append(Version seq, std::string_view bytes, std::string& out) {
        const auto row = parse_message(bytes);
        if (!row) return damaged_row(view_name);
        const RowKey changes = past_message_key(room_, seq);
        cursor_->seek(changes);
        if (!has_changed_since(changes)) {
            auto status = cursor_->valid() ? StoreResult<void>() : cursor_->status();
            if (!status) return failure(status.error());
            out += row->json;
            return row->has_reactions;
        }
        const auto past =
            parse_stored(row_as_of(*cursor_, changes, as_of_), view_name, parse_past_message);
        if (!past) return failure(past.error());
        return rebuild(*row, past->value_or(PastMessage()), out);
    }

private:
    // The cursor stands at the newest of the message's changes, if there are any.
    [[nodiscard]] bool has_changed_since(const RowKey& changes) const {
        return cursor_->valid() && cursor_->key().starts_with(changes) &&
               since_of_key(cursor_->key()) > as_of_;
    }
    // From the row as it is now as far as it holds: metadata and attachments never change, texts
    // only by edits. Of what was deleted since only the log still has something.
    StoreResult<bool> rebuild(const MessageRow& row, const PastMessage& past, std::string& out) {
        const bool is_deleted_since =
            row.phase == Message::Phase::deleted && past.phase != Message::Phase::deleted;
        std::string as_sent;
        if (is_deleted_since) {
            const auto sending = read_as<MessageSent>(log_, row.position);
            if (!sending) return failure(sending.error());
            append_message_json(as_sent, sending->first, sending->second);
        }
        auto json = MessageJson::parse(is_deleted_since ? as_sent : row.json);
        if (!json) return damaged_row(view_name);

        Wording wording;
        if (past.edited != (is_deleted_since ? Position() : row.edited)) {
            auto read = read_wording(row.position, past.edited);
            if (!read) return failure(read.error());
            wording = *std::move(read);
            json->set(MessageMember::text, wording.text);
            json->set(MessageMember::mentions, wording.mentions);
            json->set(MessageMember::edited_at, wording.edited_at);
        }
        const std::string replies = json_of(past.reply_count);
        json->set(MessageMember::reply_count, replies);
        json->set(MessageMember::reactions, past.reactions);
        if (is_deleted_since && !shows_deleted_since_) empty(*json);
        json->append_to(out);
        return past.reactions != "[]";
    }
    // Of the message's sending, or of the edit at `edited` where that is not 0.
    [[nodiscard]] StoreResult<Wording> read_wording(Position sent, Position edited) const {
        if (edited == Position()) {
            const auto sending = read_as<MessageSent>(log_, sent);
            if (!sending) return failure(sending.error());
            return Wording{
                .text = json_of(sending->second.text),
                .mentions = mentions_json(sending->second.mentions),
                .edited_at = "null"};
        }
        const auto edit = read_as<MessageEdited>(log_, edited);
        if (!edit) return failure(edit.error());
        return Wording{
            .text = json_of(edit->second.text),
            .mentions = mentions_json(edit->second.mentions),
            .edited_at = json_of(edit->first.at)};
    }
    static void empty(MessageJson& json) {
        json.set(MessageMember::text, "null");
        json.set(MessageMember::metadata, "null");
        json.set(MessageMember::attachments, "[]");
        json.set(MessageMember::mentions, "[]");
    }

    const EventLog& log_;
    const RoomId room_;
    const Position as_of_;
    const bool shows_deleted_since_;
    // Of the store as it is after the page's rows were read: a change that is in a row is seen.
    const std::unique_ptr<StorageCursor> cursor_;
};

// Of the newest message up to `seq`: the n-th of its room; 0 where there is none.
StoreResult<std::uint64_t> ordinal_at(StorageCursor& cursor, const RoomId& room, Version seq) {
    cursor.seek(message_key(room, seq));
    if (!cursor.valid()) {
        auto status = cursor.status();
        if (!status) return failure(status.error());
        return 0;
    }
    const auto row = parse_message(cursor.value());
    if (!row) return damaged_row(view_name);
    return row->ordinal;
}

// Deletions up to `as_of` of messages after `marker` within the marker's block: one by one.
StoreResult<std::uint64_t> deleted_in_block(
    const Storage& storage, std::size_t column, const RoomId& room, Version marker, Position as_of
) {
    const Version end((block_of(marker) + 1) * seqs_per_block);
    const auto cursor = storage.cursor(column, std::string(deleted_key(room, end)));
    std::uint64_t deleted = 0;
    for (cursor->seek(deleted_key(room, marker.next())); cursor->valid(); cursor->next())
        if (RowReader(cursor->value()).place<Position>() <= as_of) ++deleted;
    auto status = cursor->status();
    if (!status) return failure(status.error());
    return deleted;
}

// Deletions up to `as_of` of messages in `block` and later: block by block.
StoreResult<std::uint64_t> deleted_from_block(
    const Storage& storage,
    std::size_t column,
    const RoomId& room,
    std::uint64_t block,
    Position as_of
) {
    const RowKey blocks = RowKey(past_block_kind).id(room);
    const auto cursor = storage.cursor(column, end_of_prefix(blocks));
    std::uint64_t deleted = 0;
    cursor->seek(since_key(past_block_key(room, block), as_of));
    while (cursor->valid()) {
        const std::string_view key = cursor->key().substr(std::string_view(blocks).size());
        const std::uint64_t found = RowReader(key).u64();
        const bool holds = since_of_key(key) <= as_of;
        if (holds) deleted += RowReader(cursor->value()).u64();
        // A block that is met first at a later change may have an older one.
        cursor->seek(since_key(past_block_key(room, holds ? found + 1 : found), as_of));
    }
    auto status = cursor->status();
    if (!status) return failure(status.error());
    return deleted;
}

}  // namespace

StoreResult<TimelinePage> RoomTimeline::page_as_of(
    const EventLog& log, const RoomId& room, const PastPageRequest& request
) const {
    TimelineWalk walk(
        storage_, column_, room, in_order(request.page.visible, request.moment.room_seq.value())
    );
    const auto chosen = choose(walk, request.page);
    if (!chosen) return failure(chosen.error());
    TimelinePage page;
    page.has_earlier = chosen->has_earlier;
    page.has_later = chosen->has_later;
    PastMessages past(storage_, column_, log, room, request);
    const auto append = [&](Version seq, std::string_view row) -> StoreResult<void> {
        if (page.count++ == 0) {
            page.first = seq;
        } else {
            page.items += ',';
        }
        page.last = seq;
        const auto had_reactions = past.append(seq, row, page.items);
        if (!had_reactions) return failure(had_reactions.error());
        if (*had_reactions) page.with_reactions.push_back(seq);
        return {};
    };
    auto appended = chosen->for_each(append);
    if (!appended) return failure(appended.error());
    return page;
}

StoreResult<std::vector<std::string>> RoomTimeline::reactions_as_of(
    const RoomId& room, Version seq, const UserId& user, Position as_of
) const {
    const RowKey reactions = past_reactions_key(room, seq, user);
    const auto cursor = storage_.cursor(column_, end_of_prefix(reactions));
    std::vector<std::string> found;
    cursor->seek(reactions);
    while (cursor->valid()) {
        RowReader key(cursor->key().substr(std::string_view(reactions).size()));
        const std::size_t size = key.u8();
        const std::string emoji(key.rest().substr(0, size));
        const std::string wanted = past_reaction_key(reactions, emoji, as_of);
        if (cursor->key() < wanted) {
            cursor->seek(wanted);
            continue;
        }
        if (RowReader(cursor->value()).u8() != 0) found.push_back(emoji);
        cursor->seek(past_reaction_key(reactions, emoji, Position()));
    }
    auto status = cursor->status();
    if (!status) return failure(status.error());
    std::ranges::sort(found);
    return found;
}

StoreResult<std::uint64_t> RoomTimeline::live_after_as_of(
    const RoomId& room, Version marker, const RoomMoment& moment
) const {
    if (marker >= moment.room_seq) return 0;
    const auto cursor = storage_.cursor(column_, end_of_prefix(counts_key(room)));
    const auto sent = ordinal_at(*cursor, room, moment.room_seq);
    if (!sent) return failure(sent.error());
    const auto sent_until_marker = ordinal_at(*cursor, room, marker);
    if (!sent_until_marker) return failure(sent_until_marker.error());
    const auto in_block = deleted_in_block(storage_, column_, room, marker, moment.position);
    if (!in_block) return failure(in_block.error());
    const auto in_later =
        deleted_from_block(storage_, column_, room, block_of(marker) + 1, moment.position);
    if (!in_later) return failure(in_later.error());
    return *sent - *sent_until_marker - *in_block - *in_later;
}

}  // namespace verbatim
