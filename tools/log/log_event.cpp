#include "tools/log/log_event.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

namespace verbatim {

namespace {

using Json = nlohmann::ordered_json;

// The member's value where it is of the wanted type; what is there and is not fails the whole.
class Reader {
public:
    explicit Reader(const Json& object) : object_(object) {}

    [[nodiscard]] const std::string* text(const char* name) {
        const Json* const found = member(name);
        if (found == nullptr || found->is_null()) return nullptr;
        if (!found->is_string()) return fail<std::string>();
        return found->get_ptr<const std::string*>();
    }
    template <class Id>
    [[nodiscard]] std::optional<Id> id(const char* name) {
        const std::string* const found = text(name);
        if (found == nullptr) return std::nullopt;
        const auto parsed = parse_id<Id>(*found);
        if (!parsed) failed_ = true;
        return parsed;
    }
    [[nodiscard]] std::optional<Timestamp> time(const char* name) {
        const std::string* const found = text(name);
        if (found == nullptr) return std::nullopt;
        const auto parsed = parse_rfc3339(*found);
        if (!parsed) failed_ = true;
        return parsed;
    }
    [[nodiscard]] std::optional<std::uint64_t> number(const char* name) {
        const Json* const found = member(name);
        if (found == nullptr || found->is_null()) return std::nullopt;
        if (found->is_number_unsigned()) return found->get<std::uint64_t>();
        failed_ = true;
        return std::nullopt;
    }
    [[nodiscard]] bool has_failed() const { return failed_; }

private:
    template <class Value>
    [[nodiscard]] const Value* fail() {
        failed_ = true;
        return nullptr;
    }
    [[nodiscard]] const Json* member(const char* name) const {
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }

    const Json& object_;
    bool failed_ = false;
};

bool is_said_elsewhere(const LogEvent& event, const std::string& name) {
    if (name == "seq") return event.seq.has_value();
    return name == "text" || (name == "kind" && event.kind);
}

// False: a member is not what it should be.
bool read_data(LogEvent& event, const Json& data) {
    Reader reader(data);
    if (event.is_message() || event.is_edit()) {
        if (const std::string* const text = reader.text("text")) event.text = *text;
    }
    if (event.is_message()) {
        if (const std::string* const kind = reader.text("kind")) event.kind = *kind;
    }
    if (const auto seq = reader.number("seq")) event.seq = Version(*seq);
    for (const auto& [name, value] : data.items()) {
        if (value.is_null() || (value.is_structured() && value.empty())) continue;
        if (is_said_elsewhere(event, name)) continue;
        event.facts.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return !reader.has_failed();
}

}  // namespace

std::optional<LogEvent> parse_log_event(std::string envelope) {
    const Json json = Json::parse(envelope, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    Reader reader(json);
    const auto position = reader.number("position");
    const auto at = reader.time("at");
    const auto actor = reader.id<UserId>("actor_id");
    const std::string* const type = reader.text("type");
    const auto data = json.find("data");
    if (!position || !at || !actor || type == nullptr || data == json.end() || !data->is_object())
        return std::nullopt;
    LogEvent event;
    event.position = Position(*position);
    event.at = *at;
    event.occurred_at = reader.time("occurred_at");
    event.actor = *actor;
    event.type = *type;
    event.room = reader.id<RoomId>("room_id");
    if (const auto seq = reader.number("room_seq")) event.room_seq = Version(*seq);
    if (reader.has_failed() || !read_data(event, *data)) return std::nullopt;
    event.envelope = std::move(envelope);
    return event;
}

}  // namespace verbatim
