#include "projections/timeline_rows.hpp"

namespace verbatim::timeline_rows {

std::string past_reaction_key(const RowKey& reactions, std::string_view emoji, Position since) {
    std::string key(reactions);
    key += static_cast<char>(emoji.size());
    key += emoji;
    return key + RowWriter().u64(~since.value()).take();
}

std::string past_message_row(const PastMessage& message) {
    return RowWriter().choice(message.phase).place(message.edited).u64(message.reply_count).take() +
           message.reactions;
}

std::optional<PastMessage> parse_past_message(std::string_view row) {
    RowReader reader(row);
    PastMessage message{
        .phase = reader.choice(Message::Phase::deleted),
        .edited = reader.place<Position>(),
        .reply_count = reader.u64(),
        .reactions = std::string(reader.rest())};
    if (!reader.is_done()) return std::nullopt;
    return message;
}

std::string counts_row(const MessageCounts& counts) {
    return RowWriter().u64(counts.sent).u64(counts.deleted).take();
}

std::optional<MessageCounts> parse_counts(std::string_view row) {
    RowReader reader(row);
    const MessageCounts counts{.sent = reader.u64(), .deleted = reader.u64()};
    if (!reader.is_done()) return std::nullopt;
    return counts;
}

std::string message_row_prefix(const MessageRow& message) {
    return RowWriter()
        .u64(message.ordinal)
        .place(message.position)
        .id(message.sender)
        .place(message.edited)
        .choice(message.phase)
        .u8(message.has_reactions ? 1 : 0)
        .take();
}

std::optional<MessageRow> parse_message(std::string_view row) {
    if (row.size() <= message_row_prefix_bytes) return std::nullopt;
    RowReader reader(row);
    const MessageRow message{
        .ordinal = reader.u64(),
        .position = reader.place<Position>(),
        .sender = reader.id<UserId>(),
        .edited = reader.place<Position>(),
        .phase = reader.choice(Message::Phase::deleted),
        .has_reactions = reader.u8() != 0,
        .json = reader.rest()};
    if (!reader.is_done()) return std::nullopt;
    return message;
}

}  // namespace verbatim::timeline_rows
