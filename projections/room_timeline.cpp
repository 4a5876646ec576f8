#include "projections/room_timeline.hpp"

#include "domain/limits.hpp"
#include "domain/overloaded.hpp"
#include "projections/json_text.hpp"
#include "projections/message_json.hpp"
#include "projections/timeline_rows.hpp"

#include <utility>

namespace verbatim {
namespace {

using namespace timeline_rows;

constexpr std::string_view view_name = "room_timeline";

template <class Value>
std::string json_of(const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
}

// A message that is being changed, and the row that it was read from.
struct StoredMessage {
    std::string bytes;
    MessageRow row;
    MessageJson json;
};

// One room event on its way into the rows.
class TimelineChange {
public:
    TimelineChange(const RecordedEvent& event, ViewBatch& batch)
        : event_(event), batch_(batch), room_(event.stream.id) {}

    StoreResult<void> sent(const MessageSent& message) {
        auto counts = read_counts();
        if (!counts) return failure(counts.error());
        ++counts->sent;
        batch_.put(counts_key(room_), counts_row(*counts));

        const MessageRow row{
            .ordinal = counts->sent,
            .position = event_.position,
            .sender = event_.actor,
            .edited = {},
            .phase = Message::Phase::live,
            .has_reactions = false,
            .json = {}};
        std::string value = message_row_prefix(row);
        value.reserve(value.size() + 384 + (message.text ? message.text->size() : 0));
        append_message_json(value, event_, message);
        batch_.put(message_key(room_, event_.version), std::move(value));
        if (!message.reply_to) return {};
        batch_.put(reply_key(room_, *message.reply_to, event_.version), {});
        return add_to_replies(*message.reply_to, +1);
    }
    StoreResult<void> edited(const MessageEdited& edit) {
        const std::string text = json_of(edit.text);
        const std::string mentions = mentions_json(edit.mentions);
        const std::string edited_at = json_of(event_.at);
        return change_message(edit.seq, [&](StoredMessage& message) {
            if (message.row.phase == Message::Phase::deleted) return;
            message.json.set(MessageMember::text, text);
            message.json.set(MessageMember::mentions, mentions);
            message.json.set(MessageMember::edited_at, edited_at);
            message.row.edited = event_.position;
        });
    }
    StoreResult<void> deleted(const MessageDeleted& deletion) {
        const std::string deleted_at = json_of(event_.at);
        bool is_new = false;
        std::optional<std::uint64_t> reply_to;
        auto rewritten = change_message(deletion.seq, [&](StoredMessage& message) {
            is_new = message.row.phase != Message::Phase::deleted;
            if (!is_new) return;
            reply_to = message.json.number(MessageMember::reply_to);
            message.row.phase = Message::Phase::deleted;
            message.row.has_reactions = false;
            message.json.set(MessageMember::text, "null");
            message.json.set(MessageMember::metadata, "null");
            message.json.set(MessageMember::attachments, "[]");
            message.json.set(MessageMember::mentions, "[]");
            message.json.set(MessageMember::reactions, "[]");
            message.json.set(MessageMember::deleted_at, deleted_at);
        });
        if (!rewritten || !is_new) return rewritten;
        auto counted = count_deletion(deletion.seq);
        if (!counted || !reply_to) return counted;
        return add_to_replies(Version(*reply_to), -1);
    }
    // The row of a deleted message is empty already.
    StoreResult<void> forgotten(Version seq) {
        return rewrite(seq, [](StoredMessage& message) {
            if (message.row.phase == Message::Phase::deleted) return;
            message.json.set(MessageMember::text, "null");
            message.json.set(MessageMember::metadata, "null");
            message.json.set(MessageMember::attachments, "[]");
            message.json.set(MessageMember::mentions, "[]");
        });
    }
    StoreResult<void> reaction_added(const ReactionAdded& reaction) {
        const auto row = reaction_key(room_, reaction.seq, event_.actor, reaction.emoji);
        const auto stored = batch_.get(row);
        if (!stored) return failure(stored.error());
        if (*stored) return {};
        return rewrite_reactions(reaction.seq, [&](std::string_view before) {
            batch_.put(row, {});
            put_past_reaction(reaction.seq, reaction.emoji, true);
            return with_reaction(before, reaction.emoji);
        });
    }
    StoreResult<void> reaction_removed(const ReactionRemoved& reaction) {
        const auto row = reaction_key(room_, reaction.seq, event_.actor, reaction.emoji);
        const auto stored = batch_.get(row);
        if (!stored) return failure(stored.error());
        if (!*stored) return {};
        return rewrite_reactions(reaction.seq, [&](std::string_view before) {
            batch_.erase(row);
            put_past_reaction(reaction.seq, reaction.emoji, false);
            return without_reaction(before, reaction.emoji);
        });
    }

private:
    [[nodiscard]] StoreResult<MessageCounts> read_counts() const {
        const auto counts = parse_stored(batch_.get(counts_key(room_)), view_name, parse_counts);
        if (!counts) return failure(counts.error());
        return counts->value_or(MessageCounts());
    }
    // What the event changes of a message, and that it is so since then.
    template <class Edit>
    StoreResult<void> change_message(Version seq, const Edit& edit) {
        return rewrite(seq, [&](StoredMessage& message) {
            edit(message);
            put_past(seq, message);
        });
    }
    // Messages that were never sent have no row and get none.
    template <class Edit>
    StoreResult<void> rewrite(Version seq, const Edit& edit) {
        auto stored = batch_.get(message_key(room_, seq));
        if (!stored) return failure(stored.error());
        if (!*stored) return {};
        StoredMessage message{std::move(**stored), {}, {}};
        const auto row = parse_message(message.bytes);
        const auto json = row ? MessageJson::parse(row->json) : std::nullopt;
        if (!json) return damaged_row(view_name);
        message.row = *row;
        message.json = *json;
        edit(message);
        std::string value = message_row_prefix(message.row);
        message.json.append_to(value);
        batch_.put(message_key(room_, seq), std::move(value));
        return {};
    }
    // How the message is since the event.
    void put_past(Version seq, const StoredMessage& message) {
        const PastMessage past{
            .phase = message.row.phase,
            .edited = message.row.edited,
            .reply_count = message.json.number(MessageMember::reply_count).value_or(0),
            .reactions = std::string(message.json[MessageMember::reactions])};
        batch_.put(
            since_key(past_message_key(room_, seq), event_.position), past_message_row(past)
        );
    }
    void put_past_reaction(Version seq, std::string_view emoji, bool is_there) {
        const RowKey reactions = past_reactions_key(room_, seq, event_.actor);
        batch_.put(
            past_reaction_key(reactions, emoji, event_.position),
            RowWriter().u8(is_there ? 1 : 0).take()
        );
    }
    // `change` makes the new text of the old; nullopt is damage. Deleted messages have none and get
    // none.
    template <class Change>
    StoreResult<void> rewrite_reactions(Version seq, const Change& change) {
        std::optional<std::string> reactions = std::string();
        auto rewritten = change_message(seq, [&](StoredMessage& message) {
            if (message.row.phase == Message::Phase::deleted) return;
            reactions = change(message.json[MessageMember::reactions]);
            if (!reactions) return;
            message.row.has_reactions = *reactions != "[]";
            message.json.set(MessageMember::reactions, *reactions);
        });
        if (rewritten && !reactions) return damaged_row(view_name);
        return rewritten;
    }
    StoreResult<void> add_to_replies(Version seq, int change) {
        std::string replies;
        return change_message(seq, [&](StoredMessage& message) {
            const auto before = message.json.number(MessageMember::reply_count).value_or(0);
            replies = json_of(before + static_cast<std::uint64_t>(change));
            message.json.set(MessageMember::reply_count, replies);
        });
    }
    StoreResult<void> count_deletion(Version seq) {
        auto counts = read_counts();
        if (!counts) return failure(counts.error());
        ++counts->deleted;
        batch_.put(counts_key(room_), counts_row(*counts));
        batch_.put(deleted_key(room_, seq), RowWriter().place(event_.position).take());

        const RowKey block = block_key(room_, block_of(seq));
        const auto stored = batch_.get(block);
        if (!stored) return failure(stored.error());
        const std::uint64_t before = *stored ? RowReader(**stored).u64() : 0;
        const std::string row = RowWriter().u64(before + 1).take();
        batch_.put(block, row);
        batch_.put(since_key(past_block_key(room_, block_of(seq)), event_.position), row);
        return {};
    }

    const RecordedEvent& event_;
    ViewBatch& batch_;
    const RoomId room_;
};

bool newest_is_read(const StorageCursor& newest, const RowKey& counted, Version marker) {
    const auto seq =
        newest.valid() ? seq_of_message_key(newest.key(), counted) : std::optional<Version>();
    return seq && *seq <= marker;
}

// How many rows of deletions come after `marker`: one by one to the end of its block, then by
// blocks.
StoreResult<std::uint64_t> deleted_after(
    StorageCursor& cursor, const RoomId& room, Version marker
) {
    std::uint64_t deleted = 0;
    const std::uint64_t next_block = block_of(marker) + 1;
    const RowKey end_of_block = deleted_key(room, Version(next_block * seqs_per_block));
    cursor.seek(deleted_key(room, marker.next()));
    for (; cursor.valid() && cursor.key() < std::string_view(end_of_block); cursor.next())
        ++deleted;
    auto status = cursor.status();
    if (!status) return failure(status.error());

    cursor.seek(block_key(room, next_block));
    const RowKey blocks = RowKey(block_kind).id(room);
    for (; cursor.valid() && cursor.key().starts_with(blocks); cursor.next())
        deleted += RowReader(cursor.value()).u64();
    status = cursor.status();
    if (!status) return failure(status.error());
    return deleted;
}

}  // namespace

RoomTimeline::RoomTimeline(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> RoomTimeline::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    TimelineChange change(event, batch);
    return std::visit(
        Overloaded{
            [&](const MessageSent& e) { return change.sent(e); },
            [&](const MessageEdited& e) { return change.edited(e); },
            [&](const MessageDeleted& e) { return change.deleted(e); },
            [&](const ReactionAdded& e) { return change.reaction_added(e); },
            [&](const ReactionRemoved& e) { return change.reaction_removed(e); },
            [](const auto& /*no message's business*/) { return StoreResult<void>(); },
        },
        *room_event
    );
}

StoreResult<void> RoomTimeline::forget(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    TimelineChange change(event, batch);
    if (std::holds_alternative<MessageSent>(*room_event)) return change.forgotten(event.version);
    const auto* const edited = std::get_if<MessageEdited>(room_event);
    return edited == nullptr ? StoreResult<void>() : change.forgotten(edited->seq);
}

StoreResult<std::optional<TimelineEntry>> RoomTimeline::entry(const RoomId& room, Version seq)
    const {
    return parse_stored(
        storage_.get(column_, message_key(room, seq)),
        name(),
        [](std::string_view value) -> std::optional<TimelineEntry> {
            const auto row = parse_message(value);
            if (!row) return std::nullopt;
            return TimelineEntry{
                .json = std::string(row->json),
                .is_deleted = row->phase == Message::Phase::deleted,
                .has_reactions = row->has_reactions};
        }
    );
}

StoreResult<std::optional<std::string>> RoomTimeline::message(const RoomId& room, Version seq)
    const {
    auto found = entry(room, seq);
    if (!found) return failure(found.error());
    if (!*found) return std::optional<std::string>();
    return std::optional(std::move((*found)->json));
}

StoreResult<std::vector<std::string>> RoomTimeline::reactions_of(
    const RoomId& room, Version seq, const UserId& user
) const {
    const RowKey prefix = reactions_key(room, seq, user);
    return list_rows(
        storage_,
        column_,
        name(),
        prefix,
        prefix,
        limits::emoji_per_message_max,
        [](std::string_view emoji, std::string_view /*nothing*/) {
            return std::optional(std::string(emoji));
        }
    );
}

StoreResult<bool> RoomTimeline::is_deleted(const RoomId& room, Version seq) const {
    const auto stored = storage_.get(column_, deleted_key(room, seq));
    if (!stored) return failure(stored.error());
    return stored->has_value();
}

StoreResult<std::uint64_t> RoomTimeline::live_after(const RoomId& room, Version marker) const {
    // One cursor for all of it: a count and a message of different moments would not agree.
    const RowKey counted = counts_key(room);
    const auto cursor = storage_.cursor(column_, end_of_prefix(counted));
    cursor->seek(counted);
    if (!cursor->valid()) {
        auto status = cursor->status();
        if (!status) return failure(status.error());
        return 0;
    }
    const auto counts = parse_counts(cursor->value());
    if (!counts) return damaged_row(name());

    cursor->next();
    if (newest_is_read(*cursor, counted, marker)) return 0;
    cursor->seek(message_key(room, marker));
    std::uint64_t sent_until_marker = 0;
    if (cursor->valid()) {
        const auto row = parse_message(cursor->value());
        if (!row) return damaged_row(name());
        sent_until_marker = row->ordinal;
    } else if (auto status = cursor->status(); !status) {
        return failure(status.error());
    }
    const std::uint64_t sent_after = counts->sent - sent_until_marker;
    if (counts->deleted == 0) return sent_after;
    const auto deleted = deleted_after(*cursor, room, marker);
    if (!deleted) return failure(deleted.error());
    return sent_after - *deleted;
}

}  // namespace verbatim
