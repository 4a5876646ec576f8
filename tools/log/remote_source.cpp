#include "broker/http/http_client.hpp"
#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "tools/log/log_source.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds look_interval(1'000);
// A server that is restarted is waited for as long as that takes.
constexpr int looks_failed_max = 60;
constexpr std::size_t answer_bytes_max = 8u << 20;
// An envelope holds one message at most: its text, metadata and attachments.
constexpr std::size_t line_bytes_max = 1u << 20;

// What a refusal says, in a sentence.
std::string refusal(int status, const std::string& body) {
    const Json problem = Json::parse(body, nullptr, false);
    std::string why = "the server answers " + std::to_string(status);
    if (problem.is_object()) {
        why += " " + problem.value("code", std::string());
        const std::string detail = problem.value("detail", std::string());
        if (!detail.empty()) why += ": " + detail;
    }
    if (status == 401) why += " (is the token missing, or has it expired? An API key does not)";
    return why;
}

class RemoteLog final : public LogSource {
public:
    RemoteLog(const HttpClient::Options& options, const Interrupt& interrupt)
        : interrupt_(interrupt), stream_(options), asking_(options) {}

    [[nodiscard]] Result<Position> head() override;
    [[nodiscard]] Result<void> begin(const LogQuery& query) override;
    [[nodiscard]] Result<std::optional<LogEvent>> next() override;
    [[nodiscard]] Position reached() const override { return reached_; }
    [[nodiscard]] Result<bool> wait_for_more() override;
    [[nodiscard]] Result<std::optional<UserId>> find_user(const std::string& username) override;
    [[nodiscard]] Result<std::optional<RoomId>> find_room(const std::string& alias) override;
    [[nodiscard]] std::optional<std::string> name_of(const UserId& user) override;
    [[nodiscard]] std::optional<std::string> name_of(const RoomId& room) override;
    [[nodiscard]] std::optional<MessageFate> fate_of(const RoomId& room, Version seq) override;
    [[nodiscard]] std::optional<std::uint64_t> disk_bytes() const override { return std::nullopt; }

private:
    // The JSON of a 200; nullopt: 403 or 404, there is nothing to see.
    [[nodiscard]] Result<std::optional<Json>> ask(const std::string& target);
    [[nodiscard]] std::string target() const;
    [[nodiscard]] Result<void> open_stream();
    [[nodiscard]] Result<std::optional<std::string>> next_line();

    const Interrupt& interrupt_;
    HttpClient stream_;  // of events, while others are asked for
    HttpClient asking_;
    LogQuery query_;
    Position reached_;
    Position covered_;  // what the stream has shown once it is over
    bool is_streaming_ = false;
    std::string received_;
    std::size_t taken_ = 0;  // of what was received
};

LogSource::Result<std::optional<Json>> RemoteLog::ask(const std::string& target) {
    auto answer = asking_.get(target, answer_bytes_max);
    if (!answer) return failure(answer.error());
    if (answer->status == 403 || answer->status == 404) return std::optional<Json>();
    if (answer->status != 200) return failure(refusal(answer->status, answer->body));
    auto json = Json::parse(answer->body, nullptr, false);
    if (!json.is_object()) return failure("the server's answer to " + target + " is no JSON");
    return std::optional(std::move(json));
}

LogSource::Result<Position> RemoteLog::head() {
    const auto ready = ask("/readyz");
    if (!ready) return failure(ready.error());
    if (!*ready || !(*ready)->value("position", Json()).is_number_unsigned())
        return failure("there is no Verbatim at this URL: /readyz is not as it should be");
    return Position((*ready)->at("position").get<std::uint64_t>());
}

LogSource::Result<void> RemoteLog::begin(const LogQuery& query) {
    stream_.close();
    is_streaming_ = false;
    query_ = query;
    reached_ = query.after;
    return {};
}

// What the server can judge, it does; the rest is judged here.
std::string RemoteLog::target() const {
    std::string target = "/api/v1/events?after=" + std::to_string(reached_.value());
    if (query_.room) target += "&room_id=" + to_text(*query_.room);
    if (query_.actor) target += "&actor_id=" + to_text(*query_.actor);
    if (query_.types.size() == 1 && !query_.types.front().ends_with('*'))
        target += "&type=" + query_.types.front();
    if (query_.time == TimeMeant::occurred) return target;
    if (query_.since) target += "&since=" + percent_encoded(rfc3339(*query_.since));
    if (query_.until) target += "&until=" + percent_encoded(rfc3339(*query_.until));
    return target;
}

LogSource::Result<void> RemoteLog::open_stream() {
    const auto head = this->head();
    if (!head) return failure(head.error());
    const auto answer = stream_.begin_get(target(), {{"Accept", "application/x-ndjson"}});
    if (!answer) return failure(answer.error());
    covered_ = std::min(*head, query_.up_to);
    received_.clear();
    taken_ = 0;
    is_streaming_ = true;
    if (answer->status == 200) return {};
    std::string body;
    while (body.size() < answer_bytes_max) {
        const auto piece = stream_.read();
        if (!piece || piece->empty()) break;
        body += *piece;
    }
    stream_.close();
    return failure(refusal(answer->status, body));
}

// nullopt: the stream is over.
LogSource::Result<std::optional<std::string>> RemoteLog::next_line() {
    while (true) {
        const std::size_t end = received_.find('\n', taken_);
        if (end != std::string::npos) {
            std::string line = received_.substr(taken_, end - taken_);
            taken_ = end + 1;
            return std::optional(std::move(line));
        }
        received_.erase(0, std::exchange(taken_, 0));
        if (received_.size() > line_bytes_max)
            return failure("the server's answer is no list of events");
        const auto piece = stream_.read();
        if (!piece) return failure(piece.error());
        if (piece->empty()) return std::optional<std::string>();
        received_ += *piece;
    }
}

LogSource::Result<std::optional<LogEvent>> RemoteLog::next() {
    const auto give_up = [&](std::string why) -> Result<std::optional<LogEvent>> {
        if (interrupt_.is_requested()) return std::optional<LogEvent>();
        return failure(std::move(why));
    };
    if (!is_streaming_ && reached_ < query_.up_to) {
        if (auto opened = open_stream(); !opened) return give_up(opened.error());
    }
    while (is_streaming_ && !interrupt_.is_requested()) {
        auto line = next_line();
        if (!line) return give_up(line.error());
        std::optional<LogEvent> event;
        if (*line) {
            event = parse_log_event(std::move(**line));
            if (!event) return failure("the server's answer is no list of events");
        }
        if (!event || event->position > query_.up_to) {
            is_streaming_ = false;
            if (event) stream_.close();
            reached_ = std::max(reached_, covered_);
            break;
        }
        reached_ = event->position;
        if (query_.matches(*event)) return event;
    }
    return std::optional<LogEvent>();
}

LogSource::Result<bool> RemoteLog::wait_for_more() {
    int failed = 0;
    while (!interrupt_.wait(look_interval)) {
        const auto head = this->head();
        if (!head && !interrupt_.is_requested() && ++failed == looks_failed_max)
            return failure(head.error());
        if (head) failed = 0;
        if (head && *head > reached_) return true;
    }
    return false;
}

LogSource::Result<std::optional<UserId>> RemoteLog::find_user(const std::string& username) {
    const auto found = ask("/api/v1/users?limit=200&q=" + percent_encoded(username));
    if (!found) return failure(found.error());
    if (!*found) return std::optional<UserId>();
    for (const Json& user : (*found)->value("items", Json::array()))
        if (user.value("username", Json()) == username)
            return parse_id<UserId>(user.value("user_id", std::string()));
    return std::optional<UserId>();
}

LogSource::Result<std::optional<RoomId>> RemoteLog::find_room(const std::string& alias) {
    const auto room = ask("/api/v1/aliases/" + percent_encoded(alias));
    if (!room) return failure(room.error());
    if (!*room) return std::optional<RoomId>();
    return parse_id<RoomId>((*room)->value("room_id", std::string()));
}

std::optional<std::string> RemoteLog::name_of(const UserId& user) {
    const auto found = ask("/api/v1/users/" + to_text(user));
    if (!found || !*found) return std::nullopt;
    const Json name = (*found)->value("username", Json());
    return name.is_string() ? std::optional(name.get<std::string>()) : std::nullopt;
}

std::optional<std::string> RemoteLog::name_of(const RoomId& room) {
    const std::string path = "/api/v1/rooms/" + to_text(room);
    auto found = ask(path);
    if (!found) return std::nullopt;
    Json described = *found ? std::move(**found) : Json::object();
    if (!*found) {
        // A room that an auditor is no member of: as it was called when it was made.
        const auto first = ask(path + "/events?limit=1");
        if (!first || !*first) return std::nullopt;
        const Json items = (*first)->value("items", Json::array());
        if (items.empty()) return std::nullopt;
        described = items.front().value("data", Json::object());
    }
    const Json alias = described.value("alias", Json());
    if (alias.is_string()) return "#" + alias.get<std::string>();
    const Json name = described.value("name", Json());
    return name.is_string() ? std::optional(name.get<std::string>()) : std::nullopt;
}

// As its room shows it now; of a room that an auditor is no member of, as it was when the reading
// began.
std::optional<MessageFate> RemoteLog::fate_of(const RoomId& room, Version seq) {
    const std::string path = "/api/v1/rooms/" + to_text(room) + "/messages";
    auto message = ask(path + "/" + std::to_string(seq.value()));
    if (!message) return std::nullopt;
    if (!*message) {
        const auto past =
            ask(path + "?limit=1&after=" + std::to_string(seq.value() - 1) +
                "&as_of=" + std::to_string(covered_.value()));
        if (!past || !*past) return std::nullopt;
        const Json items = (*past)->value("items", Json::array());
        if (items.empty() || items.front().value("seq", Json()) != seq.value()) return std::nullopt;
        *message = items.front();
    }
    return MessageFate{
        .is_edited = (*message)->value("edited_at", Json()).is_string(),
        .is_deleted = (*message)->value("deleted_at", Json()).is_string()};
}

}  // namespace

LogSource::Result<std::unique_ptr<LogSource>> open_remote_log(
    const std::string& url, const std::string& token, const Interrupt& interrupt
) {
    auto parsed = parse_http_url(url);
    if (!parsed) return failure("\"" + url + "\" is no URL of a server: http://host:8080");
    if (token.empty())
        return failure("a server needs the token of an auditor or admin: --token, VERBATIM_TOKEN");
    if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; }))
        return failure("the token is no token");
    HttpClient::Options options{.url = std::move(*parsed)};
    options.headers.emplace_back("Authorization", "Bearer " + token);
    options.interrupt = interrupt.descriptor();
    return std::unique_ptr<LogSource>(std::make_unique<RemoteLog>(options, interrupt));
}

}  // namespace verbatim
