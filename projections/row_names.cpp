#include "projections/row_names.hpp"

#include "domain/type_id.hpp"
#include "projections/row_codec.hpp"

#include <algorithm>
#include <array>

namespace verbatim {

namespace {

constexpr std::size_t shown_bytes_max = 400;

// What stands behind a key's first byte, a letter for each part: R room, U user, S session, K key,
// L link, F file (16 bytes each), n a number, c the complement of one, D a digest, r a role, t text
// to the end.
struct KeyLayout {
    std::string_view view;
    char kind;
    std::string_view what;
    std::string_view parts;
};
constexpr auto layouts = std::to_array<KeyLayout>({
    {"users", 'u', "user", "U"},
    {"users", 'n', "username", "t"},
    {"users", 'r', "role", "rU"},
    {"users", 'd', "name since", "Un"},
    {"sessions", 's', "session", "S"},
    {"sessions", 'u', "session of", "US"},
    {"room_directory", 'r', "room", "R"},
    {"room_directory", 'h', "last event of", "R"},
    {"room_directory", 'a', "alias", "t"},
    {"room_directory", 'i', "pinned in", "R"},
    {"room_directory", 'p', "public room, made at", "n"},
    {"room_directory", 's', "past of room", "Rn"},
    {"room_directory", 'j', "past pins of", "Rn"},
    {"memberships", 'm', "member", "RU"},
    {"memberships", 'u', "room of", "UR"},
    {"memberships", 'n', "member count of", "R"},
    {"memberships", 's', "stay", "URn"},
    {"memberships", 't', "notice to", "Un"},
    {"memberships", 'i', "invitation", "RU"},
    {"memberships", 'j', "invitation of", "UR"},
    {"memberships", 'b', "ban", "RU"},
    {"memberships", 'h', "past member", "RUn"},
    {"memberships", 'c', "past member count of", "Rn"},
    {"room_timeline", 'm', "message", "Rc"},
    {"room_timeline", 'm', "message counts of", "R"},
    {"room_timeline", 'd', "deleted message", "Rn"},
    {"room_timeline", 'b', "deleted messages in block", "Rn"},
    {"room_timeline", 't', "reply", "Rnn"},
    {"room_timeline", 'r', "reaction", "RnUt"},
    {"room_timeline", 'p', "past reaction", "RnUt"},
    {"room_timeline", 'h', "past of message", "Rnn"},
    {"room_timeline", 'c', "past deleted messages in block", "Rnn"},
    {"read_markers", 'm', "read marker", "RU"},
    {"read_markers", 'h', "past read marker", "RUn"},
    {"api_keys", 'k', "API key", "K"},
    {"api_keys", 'h', "API key with hash", "D"},
    {"api_keys", 'u', "API key of", "UK"},
    {"invite_links", 'l', "invite link", "L"},
    {"invite_links", 'c', "invite link with hash", "D"},
    {"invite_links", 'r', "invite link of", "Rc"},
    {"posted_files", 'f', "file", "Fn"},
    {"posted_files", 'p', "posting", "FRn"},
    {"posted_files", 'm', "files of message", "Rn"},
    {"posted_files", 'd', "content", "Dn"},
    {"holds", 'r', "hold on", "R"},
    {"holds", 'u', "hold on", "U"},
});

std::string hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::string next_part(RowReader& key, char part) {
    switch (part) {
        case 'R': return to_text(key.id<RoomId>());
        case 'U': return to_text(key.id<UserId>());
        case 'S': return to_text(key.id<SessionId>());
        case 'K': return to_text(key.id<KeyId>());
        case 'L': return to_text(key.id<LinkId>());
        case 'F': return to_text(key.id<FileId>());
        case 'n': return std::to_string(key.u64());
        case 'c': return std::to_string(~key.u64());
        case 'r': return std::to_string(key.u8());
        case 'D': {
            const auto digest = key.digest();
            std::string bytes(digest.begin(), digest.end());
            return hex(bytes);
        }
        default: {
            const std::string_view rest = key.rest();
            return is_plain(rest) ? std::string(rest) : hex(rest);
        }
    }
}

}  // namespace

std::string name_of_row(std::string_view projection, std::string_view key) {
    for (const KeyLayout& layout : layouts) {
        if (layout.view != projection || !key.starts_with(layout.kind)) continue;
        std::string name(layout.what);
        RowReader parts(key.substr(1));
        for (const char part : layout.parts) name += ' ' + next_part(parts, part);
        if (parts.is_done()) return name;
    }
    return is_plain(key) ? std::string(key) : "key " + hex(key);
}

std::string shown_value(std::string_view value) {
    const bool is_cut = value.size() > shown_bytes_max;
    const std::string_view shown = value.substr(0, shown_bytes_max);
    return (is_plain(shown) ? std::string(shown) : "hex " + hex(shown)) + (is_cut ? "…" : "");
}

std::string sentence_about(std::string_view projection, const ProjectionStatus::Ended& ended) {
    return sentence_about(
        projection,
        ended,
        ended.difference ? std::optional(name_of_row(projection, ended.difference->key))
                         : std::nullopt
    );
}

std::string sentence_about(
    std::string_view projection,
    const ProjectionStatus::Ended& ended,
    const std::optional<std::string>& first_row
) {
    std::string text(projection);
    if (ended.failure)
        return text + (ended.compared_only ? " was not compared: " : " was not rebuilt: ") +
               *ended.failure;
    text += ended.compared_only ? " was compared" : " was rebuilt";
    text += " up to position " + std::to_string(ended.position.value()) + " in " +
            std::to_string(ended.took_ms) + " ms: ";
    if (!first_row) return text + "no difference";
    return text + "it had differed first at " + *first_row;
}

}  // namespace verbatim
