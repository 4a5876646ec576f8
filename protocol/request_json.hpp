#pragma once

#include "domain/account.hpp"
#include "domain/room.hpp"
#include "projections/users.hpp"
#include "protocol/problem.hpp"

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Requests checked and turned into commands. Every function names the member that is wrong (422
// invalid_field); unknown members are ignored. Texts are valid UTF-8 without control characters but
// newline and tab; lengths count code points.
namespace verbatim {

// 400 not_json: not JSON, broken UTF-8, nested deeper than limits::json_nesting_max, or no object.
// An empty body is an empty object.
[[nodiscard]] Answer<nlohmann::json> parse_object(std::string_view body);

struct Registration {
    std::string username;
    std::string password;
    std::string display_name;  // the username as it was sent where none was given
};
struct Credentials {
    std::string username;  // folded; any text: an unknown one fails like a wrong password
    std::string password;
};
struct NewPassword {
    std::string current;
    std::string next;
};
[[nodiscard]] Answer<Registration> read_registration(const nlohmann::json& body);
[[nodiscard]] Answer<Credentials> read_credentials(const nlohmann::json& body);
[[nodiscard]] Answer<NewPassword> read_new_password(const nlohmann::json& body);
[[nodiscard]] Answer<std::string> read_refresh_token(const nlohmann::json& body);
[[nodiscard]] Answer<RenameUser> read_rename(const nlohmann::json& body);

// An API key that is asked for: what of CreateKey its user chooses.
struct NewKey {
    std::string name;
    std::vector<KeyScope> scopes;  // each once, at least one
};
[[nodiscard]] Answer<NewKey> read_new_key(const nlohmann::json& body);

// An invite link that is asked for.
struct NewInviteLink {
    std::optional<std::uint32_t> max_uses;
    std::optional<std::int64_t> expires_in;  // seconds
};
[[nodiscard]] Answer<NewInviteLink> read_new_invite_link(const nlohmann::json& body);

[[nodiscard]] Answer<CreateRoom> read_create_room(const nlohmann::json& body);
[[nodiscard]] Answer<UpdateRoom> read_update_room(const nlohmann::json& body);
[[nodiscard]] Answer<PutMember> read_put_member(const nlohmann::json& body, const UserId& user);
[[nodiscard]] Answer<BanUser> read_ban(const nlohmann::json& body, const UserId& user);

// A name for a file to be shown and downloaded under: "" or text of at most
// limits::filename_characters_max characters; what stands before the last '/' or '\\' is cut off.
[[nodiscard]] Answer<std::string> read_filename(std::string_view name);

// Finds a file that the sender may attach; 404 attachment_not_found.
using FindAttachment = std::function<Answer<Attachment>(const FileId&)>;

// `users` resolves `@username` to mentions (usernames of [a-z0-9._-]{3,32}, folded; trailing '.',
// '-' and '_' that belong to the sentence are tried without). At most
// limits::mentions_per_message_max. Attachments are named by file id, each once, and found by
// `find`. `inline_attachments`: how many more the caller will add.
[[nodiscard]] Answer<SendMessage> read_send_message(
    const nlohmann::json& body,
    const Users& users,
    const FindAttachment& find,
    std::size_t inline_attachments = 0
);
[[nodiscard]] Answer<EditMessage> read_edit_message(
    const nlohmann::json& body, Version seq, const Users& users
);
[[nodiscard]] Answer<Version> read_up_to(const nlohmann::json& body);
[[nodiscard]] Answer<bool> read_typing(const nlohmann::json& body);

// How `@name`s in a text become user ids, in order, without repetition.
[[nodiscard]] Answer<std::vector<UserId>> resolve_mentions(
    std::string_view text, const Users& users
);

// ASCII letters to lower case, as registration does.
[[nodiscard]] std::string fold_username(std::string_view username);

[[nodiscard]] bool is_valid_utf8(std::string_view text);
[[nodiscard]] std::size_t count_code_points(std::string_view valid_utf8);

}  // namespace verbatim
