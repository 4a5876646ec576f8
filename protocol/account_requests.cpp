#include "protocol/request_json.hpp"
#include "protocol/request_members.hpp"

namespace verbatim {
namespace {

constexpr CharacterBounds password_bounds{
    limits::password_characters_min, limits::password_characters_max};
constexpr CharacterBounds display_name_bounds{1, limits::display_name_characters_max};

// Any characters at all: nobody ever sees a password.
Answer<std::string> read_password(const nlohmann::json& body, const char* name) {
    Answer<std::string> password = read_any_text(body, name);
    if (!password) return password;
    if (auto fault = fault_in_length(*password, password_bounds))
        return failure(invalid_field(name, *std::move(fault)));
    return password;
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

}  // namespace verbatim
