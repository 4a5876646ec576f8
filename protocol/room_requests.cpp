#include "protocol/request_json.hpp"
#include "protocol/request_members.hpp"

#include <algorithm>
#include <array>

namespace verbatim {
namespace {

constexpr CharacterBounds room_name_bounds{1, limits::room_name_characters_max};
constexpr CharacterBounds description_bounds{0, limits::room_description_characters_max};
constexpr CharacterBounds alias_bounds{limits::alias_characters_min, limits::alias_characters_max};
constexpr CharacterBounds ban_reason_bounds{0, limits::ban_reason_characters_max};

constexpr auto kinds = std::to_array<Word<RoomKind>>({
    {"group", RoomKind::group},
    {"channel", RoomKind::channel},
    {"direct", RoomKind::direct},
});
constexpr auto visibilities = std::to_array<Word<Visibility>>({
    {"public", Visibility::public_},
    {"private", Visibility::private_},
});
constexpr auto histories = std::to_array<Word<History>>({
    {"shared", History::shared},
    {"since_join", History::since_join},
});
constexpr auto roles = std::to_array<Word<MemberRole>>({
    {"owner", MemberRole::owner},
    {"admin", MemberRole::admin},
    {"member", MemberRole::member},
});

Answer<std::optional<std::uint32_t>> read_max_members_if(const nlohmann::json& body) {
    if (member_of(body, "max_members") == nullptr) return std::optional<std::uint32_t>();
    const auto number =
        read_number(body, "max_members", limits::room_members_min, limits::room_members_max);
    if (!number) return failure(number.error());
    return std::optional(static_cast<std::uint32_t>(*number));
}

// Distinct, in the order in which they were named.
Answer<std::vector<UserId>> read_members(const nlohmann::json& body) {
    const auto texts = read_texts(body, "members", limits::members_per_create_max);
    if (!texts) return failure(texts.error());
    std::vector<UserId> members;
    for (const std::string_view text : *texts) {
        const auto user = parse_id<UserId>(text);
        if (!user) return failure(invalid_field("members", "must hold user ids only"));
        if (std::ranges::find(members, *user) == members.end()) members.push_back(*user);
    }
    return members;
}

// What a room's creation and its change have in common. Absent: not said.
struct Settings {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> alias;
    std::optional<Visibility> visibility;
    std::optional<History> history;
    std::optional<std::uint32_t> max_members;
};

Answer<Settings> read_settings(const nlohmann::json& body) {
    auto name = read_text_if(body, "name", room_name_bounds);
    if (!name) return failure(std::move(name).error());
    auto description = read_text_if(body, "description", description_bounds);
    if (!description) return failure(std::move(description).error());
    auto alias = read_name_if(body, "alias", alias_bounds);
    if (!alias) return failure(std::move(alias).error());
    const auto visibility = read_word_if<Visibility>(body, "visibility", visibilities);
    if (!visibility) return failure(visibility.error());
    const auto history = read_word_if<History>(body, "history", histories);
    if (!history) return failure(history.error());
    const auto max_members = read_max_members_if(body);
    if (!max_members) return failure(max_members.error());
    return Settings{
        .name = *std::move(name),
        .description = *std::move(description),
        .alias = *std::move(alias),
        .visibility = *visibility,
        .history = *history,
        .max_members = *max_members};
}

// Named as null: cleared. Not named: unchanged.
Change<std::optional<std::string>> change_of(
    const nlohmann::json& body, const char* name, std::optional<std::string> value
) {
    if (!is_present(body, name)) return std::nullopt;
    return value;
}

}  // namespace

Answer<CreateRoom> read_create_room(const nlohmann::json& body) {
    const auto kind = read_word_if<RoomKind>(body, "kind", kinds);
    if (!kind) return failure(kind.error());
    auto settings = read_settings(body);
    if (!settings) return failure(std::move(settings).error());
    auto members = read_members(body);
    if (!members) return failure(std::move(members).error());

    const bool is_direct = *kind == RoomKind::direct;
    if (!is_direct && !settings->name)
        return failure(invalid_field("name", "is missing; only direct rooms have none"));
    if (is_direct && members->size() != 1)
        return failure(problem_of(Rule::direct_needs_one_other_member));
    return CreateRoom{
        .kind = kind->value_or(RoomKind::group),
        .name = std::move(settings->name),
        .description = std::move(settings->description),
        .alias = std::move(settings->alias),
        .visibility = settings->visibility.value_or(Visibility::public_),
        .history = settings->history.value_or(History::shared),
        .max_members = settings->max_members.value_or(limits::room_members_default),
        .members = *std::move(members)};
}

Answer<UpdateRoom> read_update_room(const nlohmann::json& body) {
    for (const char* name : {"name", "visibility", "history", "max_members"})
        if (is_present(body, name) && member_of(body, name) == nullptr)
            return failure(invalid_field(name, "can't be cleared"));
    auto settings = read_settings(body);
    if (!settings) return failure(std::move(settings).error());
    return UpdateRoom{
        .name = change_of(body, "name", std::move(settings->name)),
        .description = change_of(body, "description", std::move(settings->description)),
        .alias = change_of(body, "alias", std::move(settings->alias)),
        .visibility = settings->visibility,
        .history = settings->history,
        .max_members = settings->max_members};
}

Answer<PutMember> read_put_member(const nlohmann::json& body, const UserId& user) {
    const auto role = read_word_if<MemberRole>(body, "role", roles);
    if (!role) return failure(role.error());
    return PutMember{.user = user, .role = *role};
}

Answer<BanUser> read_ban(const nlohmann::json& body, const UserId& user) {
    auto reason = read_text_if(body, "reason", ban_reason_bounds);
    if (!reason) return failure(std::move(reason).error());
    return BanUser{.user = user, .reason = *std::move(reason)};
}

Answer<NewInviteLink> read_new_invite_link(const nlohmann::json& body) {
    NewInviteLink link;
    if (member_of(body, "max_uses") != nullptr) {
        const auto uses = read_number(body, "max_uses", 1, limits::invite_link_uses_max);
        if (!uses) return failure(uses.error());
        link.max_uses = static_cast<std::uint32_t>(*uses);
    }
    if (member_of(body, "expires_in") != nullptr) {
        const auto seconds = read_number(body, "expires_in", 1, limits::invite_link_seconds_max);
        if (!seconds) return failure(seconds.error());
        link.expires_in = static_cast<std::int64_t>(*seconds);
    }
    return link;
}

}  // namespace verbatim
