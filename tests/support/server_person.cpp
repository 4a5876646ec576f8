#include "tests/support/server_person.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace verbatim::testing {

namespace {

constexpr std::string_view base = "/api/v1";

std::string text_of_body(const nlohmann::json& body) {
    return body.is_null() ? std::string() : body.dump();
}

}  // namespace

HttpAnswer ask_once(
    const ServerProcess& server,
    std::string_view method,
    std::string_view target,
    const Headers& headers,
    std::string_view body
) {
    HttpClient client(server.http_port());
    return client.ask(method, target, headers, body).value_or(HttpAnswer{});
}

Person::Person(const ServerProcess& server, std::string username)
    : server_(&server), username_(std::move(username)) {
    const nlohmann::json account = {{"username", username_}, {"password", usual_password}};
    const HttpAnswer made = post("/users", account);
    EXPECT_EQ(made.status, 201) << username_ << ": " << made.body;
    if (made.status != 201) return;
    id_ = made.json().at("user_id");
    const HttpAnswer opened = log_in();
    EXPECT_EQ(opened.status, 201) << username_ << ": " << opened.body;
    if (opened.status == 201) use_session(opened.json());
}

Person::Person(const Person& other)
    : server_(other.server_),
      username_(other.username_),
      id_(other.id_),
      token_(other.token_),
      session_(other.session_),
      refresh_token_(other.refresh_token_) {}

HttpAnswer Person::ask(
    std::string_view method, std::string_view path, const Headers& headers, std::string_view body
) {
    const bool is_stale =
        !client_ || !client_->is_open() || client_->port() != server_->http_port();
    if (is_stale) client_ = std::make_unique<HttpClient>(server_->http_port());
    Headers all = headers;
    if (!token_.empty()) all.emplace_back("Authorization", "Bearer " + token_);
    const bool has_type = std::ranges::any_of(headers, [](const auto& header) {
        return header.first == "Content-Type";
    });
    if (!body.empty() && !has_type) all.emplace_back("Content-Type", "application/json");
    const bool is_whole = path.starts_with("/api/");
    const std::string target = (is_whole ? std::string() : std::string(base)) + std::string(path);
    auto answer = client_->ask(method, target, all, body);
    if (answer) return *std::move(answer);
    client_.reset();
    return {};
}

HttpAnswer Person::get(std::string_view path, const Headers& headers) {
    return ask("GET", path, headers);
}

HttpAnswer Person::post(std::string_view path, const nlohmann::json& body, const Headers& headers) {
    return ask("POST", path, headers, text_of_body(body));
}

HttpAnswer Person::put(std::string_view path, const nlohmann::json& body, const Headers& headers) {
    return ask("PUT", path, headers, text_of_body(body));
}

HttpAnswer Person::patch(
    std::string_view path, const nlohmann::json& body, const Headers& headers
) {
    return ask("PATCH", path, headers, text_of_body(body));
}

HttpAnswer Person::del(std::string_view path, const Headers& headers) {
    return ask("DELETE", path, headers);
}

std::vector<nlohmann::json> Person::all_pages(const std::string& path) {
    std::vector<nlohmann::json> items;
    nlohmann::json next = path;
    while (next.is_string()) {
        const HttpAnswer answer = get(next.get<std::string>());
        EXPECT_EQ(answer.status, 200) << next << ": " << answer.body;
        if (answer.status != 200) return items;
        const auto page = answer.json();
        for (const auto& item : page.at("items")) items.push_back(item);
        next = page.at("next");
    }
    return items;
}

std::string Person::create_room(const nlohmann::json& more) {
    nlohmann::json body = {{"name", "a room of " + username_}};
    body.update(more);
    const HttpAnswer made = post("/rooms", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return made.status == 201 ? made.json().at("room_id").get<std::string>() : std::string();
}

std::uint64_t Person::say(const std::string& room, const std::string& text) {
    const HttpAnswer sent = post("/rooms/" + room + "/messages", {{"text", text}});
    EXPECT_EQ(sent.status, 201) << sent.body;
    return sent.status == 201 ? sent.json().at("seq").get<std::uint64_t>() : 0;
}

WsClient Person::feed(const std::string& query) const {
    WsClient client({
        .port = server_->feed_port(),
        .target = "/api/v1/feed" + (query.empty() ? std::string() : "?" + query),
        .token = token_,
        .subprotocols = {},
    });
    EXPECT_TRUE(client.is_open()) << client.handshake_status();
    return client;
}

WsClient Person::live_feed(const std::string& query) const {
    // Without a cursor it would begin at what the feeds have been told, which may be a moment less.
    const auto position = ask_once(*server_, "GET", "/readyz").json().at("position");
    const std::string cursor = "after=" + position.dump();
    WsClient client = feed(query.empty() ? cursor : query + "&" + cursor);
    EXPECT_TRUE(client.read_until("caught_up").has_value());
    return client;
}

void Person::wait_for_feeds() const {
    (void)live_feed();
}

HttpAnswer Person::log_in(std::string_view password) {
    return ask_once(
        *server_,
        "POST",
        std::string(base) + "/sessions",
        {},
        nlohmann::json({{"username", username_}, {"password", password}}).dump()
    );
}

void Person::use_session(const nlohmann::json& answer) {
    token_ = answer.at("access_token");
    session_ = answer.at("session_id");
    refresh_token_ = answer.at("refresh_token");
}

}  // namespace verbatim::testing
