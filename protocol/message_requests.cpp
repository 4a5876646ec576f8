#include "protocol/request_json.hpp"
#include "protocol/request_members.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

namespace verbatim {
namespace {

constexpr CharacterBounds text_bounds{1, limits::text_characters_max};

constexpr auto kinds = std::to_array<Word<MessageKind>>({
    {"text", MessageKind::text},
    {"action", MessageKind::action},
    {"notice", MessageKind::notice},
});

// How many names are looked up for one text, at most: whoever writes thousands of names that nobody
// has does not make a node read thousands of rows.
constexpr std::size_t lookups_max = 4 * limits::mentions_per_message_max;

// An empty text beside attachments is none: clients send it.
Answer<std::optional<std::string>> read_message_text(
    const nlohmann::json& body, bool has_attachments
) {
    const nlohmann::json* member = member_of(body, "text");
    const bool is_empty =
        member != nullptr && member->is_string() && member->get_ref<const std::string&>().empty();
    if (has_attachments && is_empty) return std::optional<std::string>();
    if (!has_attachments && member == nullptr)
        return failure(invalid_field("text", "is missing; only attachments may go without"));
    return read_text_if(body, "text", text_bounds);
}

Answer<std::optional<std::string>> read_metadata(const nlohmann::json& body) {
    const nlohmann::json* member = member_of(body, "metadata");
    if (member == nullptr) return std::optional<std::string>();
    if (!member->is_object()) return failure(invalid_field("metadata", "must be an object"));
    std::string compact = member->dump();
    if (compact.size() > limits::metadata_bytes_max)
        return failure(invalid_field(
            "metadata",
            "must have at most " + std::to_string(limits::metadata_bytes_max) +
                " bytes as compact JSON"
        ));
    return std::optional(std::move(compact));
}

Answer<std::optional<Version>> read_reply_to(const nlohmann::json& body) {
    if (member_of(body, "reply_to") == nullptr) return std::optional<Version>();
    const auto seq = read_number(body, "reply_to", 1, std::numeric_limits<std::uint64_t>::max());
    if (!seq) return failure(seq.error());
    return std::optional(Version(*seq));
}

Answer<std::vector<FileId>> read_attachments(const nlohmann::json& body) {
    const auto texts = read_texts(body, "attachments", limits::attachments_per_message_max);
    if (!texts) return failure(texts.error());
    std::vector<FileId> files;
    for (const std::string_view text : *texts) {
        const auto file = parse_id<FileId>(text);
        if (!file) return failure(invalid_field("attachments", "must hold file ids only"));
        if (std::ranges::find(files, *file) == files.end()) files.push_back(*file);
    }
    return files;
}

Answer<std::vector<Attachment>> find_all(
    const std::vector<FileId>& files, const FindAttachment& find
) {
    std::vector<Attachment> found;
    for (const FileId& file : files) {
        auto attachment = find(file);
        if (!attachment) return failure(std::move(attachment).error());
        found.push_back(*std::move(attachment));
    }
    return found;
}

// Letters before an '@' make it an e-mail address or the like.
bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool may_belong_to_sentence(char c) {
    return c == '.' || c == '-' || c == '_';
}

// What follows each '@' of `text`, as far as it could be a name; folded.
std::vector<std::string> named_in(std::string_view text) {
    std::vector<std::string> names;
    for (auto at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
        if (at > 0 && is_word_character(text[at - 1])) continue;
        std::string name;
        for (const char c : text.substr(at + 1)) {
            const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            if (!is_name_character(lower)) break;
            name += lower;
        }
        if (name.size() >= limits::username_characters_min) names.push_back(std::move(name));
    }
    return names;
}

// Finds users by what was written after '@', within a bounded number of lookups.
class MentionResolver {
public:
    explicit MentionResolver(const Users& users) : users_(users) {}

    // The longest beginning of `name` that is a username: what was cut off is punctuation.
    [[nodiscard]] StoreResult<std::optional<UserId>> resolve(std::string_view name) {
        for (; name.size() >= limits::username_characters_min; name.remove_suffix(1)) {
            if (name.size() <= limits::username_characters_max) {
                auto user = look_up(name);
                if (!user || *user) return user;
            }
            if (!may_belong_to_sentence(name.back())) break;
        }
        return std::optional<UserId>();
    }

private:
    [[nodiscard]] StoreResult<std::optional<UserId>> look_up(std::string_view name) {
        const auto known = looked_up_.find(name);
        if (known != looked_up_.end()) return known->second;
        if (looked_up_.size() == lookups_max) return std::optional<UserId>();
        auto user = users_.by_username(name);
        if (user) looked_up_.emplace(name, *user);
        return user;
    }

    const Users& users_;
    std::map<std::string, std::optional<UserId>, std::less<>> looked_up_;
};

}  // namespace

Answer<std::vector<UserId>> resolve_mentions(std::string_view text, const Users& users) {
    std::vector<UserId> mentions;
    MentionResolver resolver(users);
    for (const std::string& name : named_in(text)) {
        if (mentions.size() == limits::mentions_per_message_max) break;
        const auto user = resolver.resolve(name);
        if (!user) return failure(problem_of(user.error()));
        if (*user && std::ranges::find(mentions, **user) == mentions.end())
            mentions.push_back(**user);
    }
    return mentions;
}

Answer<std::string> read_filename(std::string_view name) {
    if (!is_valid_utf8(name)) return failure(invalid_field("filename", "must be UTF-8"));
    name = name.substr(name.find_last_of("/\\") + 1);
    constexpr CharacterBounds bounds{0, limits::filename_characters_max};
    if (const auto fault = fault_in_text(name, bounds))
        return failure(invalid_field("filename", *fault));
    return std::string(name);
}

Answer<SendMessage> read_send_message(
    const nlohmann::json& body,
    const Users& users,
    const FindAttachment& find,
    std::size_t inline_attachments
) {
    const auto files = read_attachments(body);
    if (!files) return failure(files.error());
    const std::size_t attached = files->size() + inline_attachments;
    if (attached > limits::attachments_per_message_max)
        return failure(invalid_field(
            "attachments",
            "must be at most " + std::to_string(limits::attachments_per_message_max) + " in all"
        ));
    auto text = read_message_text(body, attached > 0);
    if (!text) return failure(std::move(text).error());
    const auto kind = read_word_if<MessageKind>(body, "kind", kinds);
    if (!kind) return failure(kind.error());
    auto metadata = read_metadata(body);
    if (!metadata) return failure(std::move(metadata).error());
    const auto reply_to = read_reply_to(body);
    if (!reply_to) return failure(reply_to.error());
    auto attachments = find_all(*files, find);
    if (!attachments) return failure(std::move(attachments).error());

    SendMessage command{
        .kind = kind->value_or(MessageKind::text),
        .text = *std::move(text),
        .metadata = *std::move(metadata),
        .attachments = *std::move(attachments),
        .reply_to = *reply_to,
        .mentions = {}};
    auto mentions = resolve_mentions(command.text.value_or(""), users);
    if (!mentions) return failure(std::move(mentions).error());
    command.mentions = *std::move(mentions);
    return command;
}

Answer<EditMessage> read_edit_message(const nlohmann::json& body, Version seq, const Users& users) {
    auto text = read_text(body, "text", text_bounds);
    if (!text) return failure(std::move(text).error());
    auto mentions = resolve_mentions(*text, users);
    if (!mentions) return failure(std::move(mentions).error());
    return EditMessage{.seq = seq, .text = *std::move(text), .mentions = *std::move(mentions)};
}

Answer<Version> read_up_to(const nlohmann::json& body) {
    const auto up_to = read_number(body, "up_to", 0, std::numeric_limits<std::uint64_t>::max());
    if (!up_to) return failure(up_to.error());
    return Version(*up_to);
}

Answer<bool> read_typing(const nlohmann::json& body) {
    const nlohmann::json* member = member_of(body, "typing");
    if (member == nullptr) return failure(invalid_field("typing", "is missing"));
    if (!member->is_boolean()) return failure(invalid_field("typing", "must be true or false"));
    return member->get<bool>();
}

}  // namespace verbatim
