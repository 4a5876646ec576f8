#pragma once

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/ws_client.hpp"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::testing {

// Somebody with an account and a session, who talks to a server over one keep-alive connection of
// their own; after a restart over a new one. Used by one thread; copies share nothing but the
// session.
class Person {
public:
    static constexpr std::string_view usual_password = "correct horse battery";

    // Registers the account and logs in; a test fails when that fails.
    Person(const ServerProcess& server, std::string username);
    Person(const Person& other);
    Person& operator=(const Person&) = delete;
    Person(Person&&) noexcept = default;

    // `path` is below /api/v1, or whole (as `next` is). Status 0: no answer came.
    HttpAnswer get(std::string_view path, const Headers& headers = {});
    HttpAnswer post(
        std::string_view path, const nlohmann::json& body = nullptr, const Headers& headers = {}
    );
    HttpAnswer put(
        std::string_view path, const nlohmann::json& body = nullptr, const Headers& headers = {}
    );
    HttpAnswer patch(
        std::string_view path, const nlohmann::json& body, const Headers& headers = {}
    );
    HttpAnswer del(std::string_view path, const Headers& headers = {});
    HttpAnswer ask(
        std::string_view method,
        std::string_view path,
        const Headers& headers = {},
        std::string_view body = {}
    );
    // The items of all pages, following `next`.
    std::vector<nlohmann::json> all_pages(const std::string& path);

    // A new room of theirs; the defaults of the contract, with `more` on top.
    std::string create_room(const nlohmann::json& more = nlohmann::json::object());
    // A message's seq; 0 when it was refused.
    std::uint64_t say(const std::string& room, const std::string& text);

    // A live feed; `query` without the '?'. After this its welcome has not been read.
    [[nodiscard]] WsClient feed(const std::string& query = {}) const;
    // The same from what queries show now, and past its `caught_up`: what comes next is live.
    [[nodiscard]] WsClient live_feed(const std::string& query = {}) const;
    // Waits until feeds have been told of all that queries show: they hear of an event a moment
    // after its command was answered, and `caught_up` speaks of what they have heard.
    void wait_for_feeds() const;

    // Another session of the same account.
    HttpAnswer log_in(std::string_view password = usual_password);
    // Uses what POST /sessions or /sessions/refresh has answered.
    void use_session(const nlohmann::json& answer);

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const std::string& username() const { return username_; }
    [[nodiscard]] const std::string& token() const { return token_; }
    [[nodiscard]] const std::string& session() const { return session_; }
    [[nodiscard]] const std::string& refresh_token() const { return refresh_token_; }

private:
    const ServerProcess* server_;
    std::unique_ptr<HttpClient> client_;
    std::string username_;
    std::string id_;
    std::string token_;
    std::string session_;
    std::string refresh_token_;
};

// One request by nobody on a connection of its own.
[[nodiscard]] HttpAnswer ask_once(
    const ServerProcess& server,
    std::string_view method,
    std::string_view target,
    const Headers& headers = {},
    std::string_view body = {}
);

}  // namespace verbatim::testing
