#include "protocol/answer_json.hpp"
#include "protocol/request_json.hpp"
#include "protocol/request_members.hpp"

#include <algorithm>

namespace verbatim {
namespace {

constexpr CharacterBounds display_name_bounds{1, limits::display_name_characters_max};
constexpr CharacterBounds key_name_bounds{1, limits::key_name_characters_max};

// Any characters at all: nobody ever sees a password.
Answer<std::string> read_password(const nlohmann::json& body, const char* name) {
    Answer<std::string> password = read_any_text(body, name);
    if (!password) return password;
    if (auto fault = fault_in_length(*password, password_bounds))
        return failure(invalid_field(name, *std::move(fault)));
    return password;
}

Answer<KeyScope> scope_named(std::string_view text) {
    for (const KeyScope scope : {KeyScope::read, KeyScope::send})
        if (text == text_of(scope)) return scope;
    return failure(invalid_field("scopes", "must hold read, send or both"));
}

Answer<std::vector<KeyScope>> read_scopes(const nlohmann::json& body) {
    constexpr std::size_t scopes_max = static_cast<std::size_t>(KeyScope::send) + 1;
    const auto texts = read_texts(body, "scopes", scopes_max);
    if (!texts) return failure(texts.error());
    std::vector<KeyScope> scopes;
    for (const std::string_view text : *texts) {
        const auto scope = scope_named(text);
        if (!scope) return failure(scope.error());
        if (std::ranges::find(scopes, *scope) != scopes.end())
            return failure(invalid_field("scopes", "must name each scope once"));
        scopes.push_back(*scope);
    }
    if (scopes.empty()) return failure(invalid_field("scopes", "must name at least one scope"));
    return scopes;
}

}  // namespace

Answer<Registration> read_registration(const nlohmann::json& body) {
    auto username = read_name(body, "username", username_bounds);
    if (!username) return failure(std::move(username).error());
    auto password = read_password(body, "password");
    if (!password) return failure(std::move(password).error());
    auto display_name = read_text_if(body, "display_name", display_name_bounds);
    if (!display_name) return failure(std::move(display_name).error());
    return Registration{
        .username = *std::move(username),
        .password = *std::move(password),
        .display_name =
            *display_name ? **std::move(display_name) : body.at("username").get<std::string>()};
}

Answer<Credentials> read_credentials(const nlohmann::json& body) {
    const auto username = read_any_text(body, "username");
    if (!username) return failure(username.error());
    auto password = read_any_text(body, "password");
    if (!password) return failure(std::move(password).error());
    return Credentials{.username = folded(*username), .password = *std::move(password)};
}

Answer<NewPassword> read_new_password(const nlohmann::json& body) {
    auto current = read_any_text(body, "current");
    if (!current) return failure(std::move(current).error());
    auto next = read_password(body, "new");
    if (!next) return failure(std::move(next).error());
    return NewPassword{.current = *std::move(current), .next = *std::move(next)};
}

Answer<std::string> read_refresh_token(const nlohmann::json& body) {
    return read_any_text(body, "refresh_token");
}

Answer<RenameUser> read_rename(const nlohmann::json& body) {
    auto display_name = read_text(body, "display_name", display_name_bounds);
    if (!display_name) return failure(std::move(display_name).error());
    return RenameUser{.display_name = *std::move(display_name)};
}

Answer<NewKey> read_new_key(const nlohmann::json& body) {
    auto name = read_text(body, "name", key_name_bounds);
    if (!name) return failure(std::move(name).error());
    auto scopes = read_scopes(body);
    if (!scopes) return failure(std::move(scopes).error());
    return NewKey{.name = *std::move(name), .scopes = *std::move(scopes)};
}

}  // namespace verbatim
