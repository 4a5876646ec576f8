#pragma once

#include "eventstore/event_record.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The contract's `message` as text. It is written once, when the message is sent, and stored as it
// is served; the few events that change it replace members' texts without reading the others, so
// that a sender's metadata stays as it was written. Private to the timeline.
namespace verbatim {

// In the order in which they stand in the text.
enum class MessageMember : std::uint8_t {
    room_id,
    seq,
    position,
    kind,
    sender_id,
    text,
    metadata,
    attachments,
    reply_to,
    reply_count,
    mentions,
    reactions,
    sent_at,
    edited_at,
    deleted_at,
};
inline constexpr std::size_t message_members = 15;

// Requires: `sent` is the envelope of `message`.
void append_message_json(std::string& out, const RecordedEvent& sent, const MessageSent& message);

// A message's text taken apart: each member's value as JSON text. Views of the text it was made of
// and of what was set.
class MessageJson {
public:
    // nullopt: not the text of a message.
    [[nodiscard]] static std::optional<MessageJson> parse(std::string_view text);

    [[nodiscard]] std::string_view operator[](MessageMember member) const {
        return values_[static_cast<std::size_t>(member)];
    }
    // nullopt: null, or no number.
    [[nodiscard]] std::optional<std::uint64_t> number(MessageMember member) const;
    // `value` must live until append_to().
    void set(MessageMember member, std::string_view value) {
        values_[static_cast<std::size_t>(member)] = value;
    }
    void append_to(std::string& out) const;

private:
    std::array<std::string_view, message_members> values_;
};

// `reactions` (a message's member) with one more or one less of `emoji`: a new one comes last, one
// of which none is left goes. nullopt: not the text of reactions.
[[nodiscard]] std::optional<std::string> with_reaction(
    std::string_view reactions, std::string_view emoji
);
[[nodiscard]] std::optional<std::string> without_reaction(
    std::string_view reactions, std::string_view emoji
);

[[nodiscard]] std::string mentions_json(const std::vector<UserId>& mentions);

}  // namespace verbatim
