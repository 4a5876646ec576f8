#include "broker/signal.hpp"

#include "domain/limits.hpp"
#include "domain/overloaded.hpp"
#include "domain/type_id.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

namespace {

using nlohmann::json;

json users_of(const PresenceSignal& presence) {
    json users = json::array();
    for (const PresenceSignal::User& user : presence.users)
        users.push_back({{"user_id", to_text(user.user)}, {"online", user.online}});
    return users;
}

const json* member(const json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}
template <class Id>
std::optional<Id> id_in(const json& object, const char* name) {
    const json* text = member(object, name);
    if (text == nullptr || !text->is_string()) return std::nullopt;
    return parse_id<Id>(text->get_ref<const std::string&>());
}
std::optional<bool> flag_in(const json& object, const char* name) {
    const json* flag = member(object, name);
    if (flag == nullptr || !flag->is_boolean()) return std::nullopt;
    return flag->get<bool>();
}

std::optional<Signal> read_typing(const json& said) {
    const auto room = id_in<RoomId>(said, "room_id");
    const auto user = id_in<UserId>(said, "user_id");
    const auto typing = flag_in(said, "typing");
    if (!room || !user || !typing) return std::nullopt;
    return TypingSignal{.room = *room, .user = *user, .typing = *typing};
}

std::optional<Signal> read_presence(const json& said) {
    if (!said.is_array() || said.size() > PresenceSignal::users_max) return std::nullopt;
    PresenceSignal presence;
    for (const json& each : said) {
        const auto user = id_in<UserId>(each, "user_id");
        const auto online = flag_in(each, "online");
        if (!user || !online) return std::nullopt;
        presence.users.push_back({.user = *user, .online = *online});
    }
    return presence;
}

}  // namespace

std::string encode_signal(const Uuid& node, const Signal& signal) {
    json message = {{"node", base32_text(node)}};
    std::visit(
        Overloaded{
            [&](const TypingSignal& typing) {
                message["typing"] = {
                    {"room_id", to_text(typing.room)},
                    {"user_id", to_text(typing.user)},
                    {"typing", typing.typing}};
            },
            [&](const PresenceSignal& presence) { message["presence"] = users_of(presence); }},
        signal
    );
    return message.dump();
}

std::optional<SignalFrom> parse_signal(std::string_view bytes) {
    if (bytes.size() > limits::signal_bytes_max) return std::nullopt;
    const json message = json::parse(bytes, nullptr, false);
    const json* node = member(message, "node");
    if (node == nullptr || !node->is_string()) return std::nullopt;
    const auto from = parse_base32(node->get_ref<const std::string&>());
    const json* typing = member(message, "typing");
    const json* presence = member(message, "presence");
    if (!from || (typing == nullptr && presence == nullptr)) return std::nullopt;
    auto signal = typing != nullptr ? read_typing(*typing) : read_presence(*presence);
    if (!signal) return std::nullopt;
    return SignalFrom{.node = *from, .signal = std::move(*signal)};
}

}  // namespace verbatim
