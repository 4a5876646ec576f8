#pragma once

#include "domain/message.hpp"
#include "projections/row_codec.hpp"

#include <algorithm>

// The rows of the view `room_timeline`. Private to it.
namespace verbatim::timeline_rows {

// room -> MessageCounts, and after it room, seq -> MessageRow, the newest first: pages are mostly
// walked from the end back, and RocksDB walks forward several times as fast.
inline constexpr char message_kind = 'm';
inline constexpr char deleted_kind = 'd';  // room, seq -> where the message was deleted
inline constexpr char block_kind = 'b';    // room, block of seqs -> how many of it are deleted
// room, seq, user, emoji -> nothing; that user's reaction. Those of a deleted message stay: its row
// says that it has none, and nothing reads them.
inline constexpr char reaction_kind = 'r';
inline constexpr char reply_kind = 't';  // room, seq, reply's seq -> nothing
// Rows of the past. They have no texts: what is destroyed must not be found here.
inline constexpr char past_message_kind = 'h';  // room, seq, since -> PastMessage; none: as sent
inline constexpr char past_block_kind = 'c';    // room, block, since -> how many of it are deleted
// room, seq, user, the emoji behind its size, since -> whether it is that user's reaction
inline constexpr char past_reaction_kind = 'p';

// Counting what was deleted after a seq reads the rows of one block and one row for each later
// block in which anything was: 1,000 of them for a room of a million.
inline constexpr std::uint64_t seqs_per_block = 1'024;
[[nodiscard]] inline std::uint64_t block_of(Version seq) {
    return seq.value() / seqs_per_block;
}

[[nodiscard]] inline RowKey counts_key(const RoomId& room) {
    return RowKey(message_kind).id(room);
}
[[nodiscard]] inline RowKey message_key(const RoomId& room, Version seq) {
    return RowKey(message_kind).id(room).number(~seq.value());
}
// nullopt: not a message's.
[[nodiscard]] inline std::optional<Version> seq_of_message_key(
    std::string_view key, const RowKey& counts_key
) {
    const std::string_view room(counts_key);
    if (key.size() <= room.size() || !key.starts_with(room)) return std::nullopt;
    return Version(~RowReader(key.substr(room.size())).u64());
}
[[nodiscard]] inline RowKey deleted_key(const RoomId& room, Version seq) {
    return RowKey(deleted_kind).id(room).place(seq);
}
[[nodiscard]] inline RowKey block_key(const RoomId& room, std::uint64_t block) {
    return RowKey(block_kind).id(room).number(block);
}

[[nodiscard]] inline RowKey reactions_key(const RoomId& room, Version seq, const UserId& user) {
    return RowKey(reaction_kind).id(room).place(seq).id(user);
}
[[nodiscard]] inline std::string reaction_key(
    const RoomId& room, Version seq, const UserId& user, std::string_view emoji
) {
    return std::string(reactions_key(room, seq, user)).append(emoji);
}
[[nodiscard]] inline RowKey replies_key(const RoomId& room, Version seq) {
    return RowKey(reply_kind).id(room).place(seq);
}
[[nodiscard]] inline RowKey reply_key(const RoomId& room, Version seq, Version reply) {
    return replies_key(room, seq).place(reply);
}

[[nodiscard]] inline RowKey past_message_key(const RoomId& room, Version seq) {
    return RowKey(past_message_kind).id(room).place(seq);
}
[[nodiscard]] inline RowKey past_block_key(const RoomId& room, std::uint64_t block) {
    return RowKey(past_block_kind).id(room).number(block);
}
[[nodiscard]] inline RowKey past_reactions_key(
    const RoomId& room, Version seq, const UserId& user
) {
    return RowKey(past_reaction_kind).id(room).place(seq).id(user);
}
// Of one emoji; the size keeps one that begins with another from standing among its rows.
[[nodiscard]] std::string past_reaction_key(
    const RowKey& reactions, std::string_view emoji, Position since
);

// Few fixed fields, then the message as it is served. A view of the row that it was read from.
struct MessageRow {
    std::uint64_t ordinal = 0;  // the n-th message of its room, from 1
    Position position;
    UserId sender;
    Position edited;  // of the last edit; 0: none
    Message::Phase phase = Message::Phase::live;
    bool has_reactions = false;
    std::string_view json;
};
inline constexpr std::size_t message_row_prefix_bytes = 8 + 8 + 16 + 8 + 1 + 1;

// What walks read of a row without taking it apart.
[[nodiscard]] inline std::string_view json_of_message(std::string_view row) {
    return row.substr(std::min(row.size(), message_row_prefix_bytes));
}
[[nodiscard]] inline bool has_reactions(std::string_view row) {
    return row.size() > message_row_prefix_bytes && row[message_row_prefix_bytes - 1] != 0;
}
[[nodiscard]] inline Position position_of_message(std::string_view row) {
    RowReader reader(row);
    (void)reader.u64();  // its ordinal
    return reader.place<Position>();
}

// What events made of a message after it was sent, but for the texts.
struct PastMessage {
    Message::Phase phase = Message::Phase::live;
    Position edited;  // of the last edit; 0: none
    std::uint64_t reply_count = 0;
    std::string reactions = "[]";  // as served
};
[[nodiscard]] std::string past_message_row(const PastMessage& message);
// nullopt: damaged.
[[nodiscard]] std::optional<PastMessage> parse_past_message(std::string_view row);

struct MessageCounts {
    std::uint64_t sent = 0;
    std::uint64_t deleted = 0;  // of those
};
[[nodiscard]] std::string counts_row(const MessageCounts& counts);
[[nodiscard]] std::optional<MessageCounts> parse_counts(std::string_view row);

// The fixed fields alone, to append the JSON to.
[[nodiscard]] std::string message_row_prefix(const MessageRow& message);
// nullopt: damaged.
[[nodiscard]] std::optional<MessageRow> parse_message(std::string_view row);

}  // namespace verbatim::timeline_rows
