#include "projections/message_json.hpp"

#include "projections/json_text.hpp"

#include <algorithm>
#include <charconv>

namespace verbatim {
namespace {

// What stands before each value.
constexpr std::array<std::string_view, message_members> lead_ins = {
    R"({"room_id":)",
    R"(,"seq":)",
    R"(,"position":)",
    R"(,"kind":)",
    R"(,"sender_id":)",
    R"(,"text":)",
    R"(,"metadata":)",
    R"(,"attachments":)",
    R"(,"reply_to":)",
    R"(,"reply_count":)",
    R"(,"mentions":)",
    R"(,"reactions":)",
    R"(,"sent_at":)",
    R"(,"edited_at":)",
    R"(,"deleted_at":)",
};

std::string_view lead_in(MessageMember member) {
    return lead_ins[static_cast<std::size_t>(member)];
}

std::string_view kind_json(MessageKind kind) {
    switch (kind) {
        case MessageKind::text: return R"("text")";
        case MessageKind::action: return R"("action")";
        case MessageKind::notice: return R"("notice")";
    }
    return "null";
}

void append_attachment(std::string& out, const Attachment& attachment) {
    out += R"({"file_id":)";
    append_json_id(out, attachment.file);
    out += R"(,"filename":)";
    append_json(out, attachment.filename);
    out += R"(,"media_type":)";
    append_json(out, std::string_view(attachment.media_type));
    out += R"(,"bytes":)";
    append_json(out, attachment.bytes);
    if (attachment.width) {
        out += R"(,"width":)";
        append_json(out, std::uint64_t{*attachment.width});
    }
    if (attachment.height) {
        out += R"(,"height":)";
        append_json(out, std::uint64_t{*attachment.height});
    }
    out += '}';
}

void append_attachments(std::string& out, const std::vector<Attachment>& attachments) {
    out += '[';
    for (const Attachment& attachment : attachments) {
        if (&attachment != &attachments.front()) out += ',';
        append_attachment(out, attachment);
    }
    out += ']';
}

void append_mentions(std::string& out, const std::vector<UserId>& mentions) {
    out += '[';
    for (const UserId& user : mentions) {
        if (&user != &mentions.front()) out += ',';
        append_json_id(out, user);
    }
    out += ']';
}

// The end of a string that begins at `text[0]`, its closing quote included; 0 when there is none.
std::size_t string_size(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

// How many bytes the value at the front of `text` takes; 0 when it does not end. Texts are JSON
// that was written here or checked at the door, so brackets match.
std::size_t value_size(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char character = text[i];
        if (depth == 0 && (character == ',' || character == '}')) return i;
        if (character == '[' || character == '{') ++depth;
        if (character == ']' || character == '}') --depth;
        if (character != '"') continue;
        const std::size_t size = string_size(text.substr(i));
        if (size == 0) return 0;
        i += size - 1;
    }
    return 0;
}

// One of a message's reactions as its text has it.
struct Reaction {
    std::string_view emoji;  // quoted and escaped
    std::uint64_t count = 0;
};

bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

std::optional<Reaction> take_reaction(std::string_view& text) {
    Reaction reaction;
    if (!take(text, R"({"emoji":)")) return std::nullopt;
    reaction.emoji = text.substr(0, string_size(text));
    if (reaction.emoji.empty()) return std::nullopt;
    text.remove_prefix(reaction.emoji.size());
    if (!take(text, R"(,"count":)")) return std::nullopt;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), reaction.count);
    if (parsed.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    if (!take(text, "}")) return std::nullopt;
    return reaction;
}

// nullopt: not what append_reactions() writes.
std::optional<std::vector<Reaction>> parse_reactions(std::string_view text) {
    std::vector<Reaction> reactions;
    if (!take(text, "[")) return std::nullopt;
    while (text != "]") {
        if (!reactions.empty() && !take(text, ",")) return std::nullopt;
        const auto reaction = take_reaction(text);
        if (!reaction) return std::nullopt;
        reactions.push_back(*reaction);
    }
    return reactions;
}

std::string reactions_json(const std::vector<Reaction>& reactions) {
    std::string out = "[";
    for (const Reaction& reaction : reactions) {
        if (reaction.count == 0) continue;
        if (out.size() > 1) out += ',';
        out += R"({"emoji":)";
        out += reaction.emoji;
        out += R"(,"count":)";
        append_json(out, reaction.count);
        out += '}';
    }
    out += ']';
    return out;
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
}

auto reaction_with(std::vector<Reaction>& reactions, std::string_view quoted_emoji) {
    return std::ranges::find(reactions, quoted_emoji, &Reaction::emoji);
}

}  // namespace

void append_message_json(std::string& out, const RecordedEvent& sent, const MessageSent& message) {
    using enum MessageMember;
    out += lead_in(room_id);
    append_json_id(out, RoomId(sent.stream.id));
    out += lead_in(seq);
    append_json(out, sent.version.value());
    out += lead_in(position);
    append_json(out, sent.position.value());
    out += lead_in(kind);
    out += kind_json(message.kind);
    out += lead_in(sender_id);
    append_json_id(out, sent.actor);
    out += lead_in(text);
    append_json(out, message.text);
    out += lead_in(metadata);
    out += message.metadata ? std::string_view(*message.metadata) : "null";
    out += lead_in(attachments);
    append_attachments(out, message.attachments);
    out += lead_in(reply_to);
    if (message.reply_to) {
        append_json(out, message.reply_to->value());
    } else {
        out += "null";
    }
    out += R"(,"reply_count":0)";
    out += lead_in(mentions);
    append_mentions(out, message.mentions);
    out += R"(,"reactions":[])";
    out += lead_in(sent_at);
    append_json(out, sent.occurred_at.value_or(sent.at));
    out += R"(,"edited_at":null,"deleted_at":null})";
}

std::optional<MessageJson> MessageJson::parse(std::string_view text) {
    MessageJson message;
    for (std::size_t i = 0; i < message_members; ++i) {
        if (!text.starts_with(lead_ins[i])) return std::nullopt;
        text.remove_prefix(lead_ins[i].size());
        const std::size_t size = value_size(text);
        if (size == 0) return std::nullopt;
        message.values_[i] = text.substr(0, size);
        text.remove_prefix(size);
    }
    if (text != "}") return std::nullopt;
    return message;
}

std::optional<std::uint64_t> MessageJson::number(MessageMember member) const {
    const std::string_view value = (*this)[member];
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) return std::nullopt;
    return number;
}

void MessageJson::append_to(std::string& out) const {
    for (std::size_t i = 0; i < message_members; ++i) {
        out += lead_ins[i];
        out += values_[i];
    }
    out += '}';
}

std::optional<std::string> with_reaction(std::string_view reactions, std::string_view emoji) {
    auto parsed = parse_reactions(reactions);
    if (!parsed) return std::nullopt;
    const std::string wanted = quoted(emoji);
    auto found = reaction_with(*parsed, wanted);
    if (found == parsed->end()) found = parsed->insert(found, Reaction{.emoji = wanted});
    ++found->count;
    return reactions_json(*parsed);
}

std::optional<std::string> without_reaction(std::string_view reactions, std::string_view emoji) {
    auto parsed = parse_reactions(reactions);
    if (!parsed) return std::nullopt;
    const std::string wanted = quoted(emoji);
    const auto found = reaction_with(*parsed, wanted);
    if (found == parsed->end()) return std::nullopt;
    --found->count;
    return reactions_json(*parsed);
}

std::string mentions_json(const std::vector<UserId>& mentions) {
    std::string out;
    append_mentions(out, mentions);
    return out;
}

}  // namespace verbatim
