#pragma once

#include "api/http.hpp"
#include "api/services.hpp"
#include "domain/type_id.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/problem.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim::api {

// One request on its way to its answer: what routes read from and write to. Shared, because an
// answer may come from another thread; only one thread at a time uses it.
class Exchange {
public:
    Exchange(
        const Services& services,
        std::shared_ptr<const HttpRequest> request,
        std::shared_ptr<Responder> responder
    );

    [[nodiscard]] const Services& services() const { return services_; }
    [[nodiscard]] const HttpRequest& request() const { return *request_; }
    [[nodiscard]] const Views& views() const { return services_.views; }
    // When the request came.
    [[nodiscard]] std::chrono::steady_clock::time_point begun() const { return begun_; }

    // Added to whatever is answered.
    void add_header(std::string name, std::string value);
    void send_json(int status, std::string body);
    void send_text(int status, std::string content_type, std::string body);
    void send_empty(int status);
    // `first`, followed by what `rest` yields.
    void send_stream(
        int status, std::string content_type, std::string first, std::shared_ptr<BodyStream> rest
    );
    void send_problem(const Problem& problem);
    // With the response's own headers alone: no Cache-Control is added.
    void send_whole(HttpResponse response);
    // Runs `work` on the worker that owns the connection.
    void resume(std::function<void()> work);

private:
    void send(
        int status,
        std::string content_type,
        std::string body,
        std::shared_ptr<BodyStream> stream = nullptr
    );

    const Services& services_;
    std::shared_ptr<const HttpRequest> request_;
    std::shared_ptr<Responder> responder_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::vector<std::pair<std::string, std::string>> headers_;
};
using ExchangePtr = std::shared_ptr<Exchange>;

// The kinds of routes.
using OpenRoute = void (*)(const ExchangePtr&);
using UserRoute = void (*)(const ExchangePtr&, const Actor&);
// Anyone may ask.
[[nodiscard]] Handler open_route(const Services& services, OpenRoute route);
// A query by somebody: authenticated, with the scope `read`, and after Verbatim-Min-Position is
// shown.
[[nodiscard]] Handler query_route(const Services& services, UserRoute route);
// A command by somebody: authenticated, with the scope `send`, and within commands_per_user.
[[nodiscard]] Handler command_route(const Services& services, UserRoute route);
// The same about accounts and rights, which takes a session: an API key is refused.
[[nodiscard]] Handler account_route(const Services& services, UserRoute route);
// One more token of the actor's, for what has a limit of its own: 429 rate_limited.
[[nodiscard]] Answer<void> within_limit(
    const Exchange& exchange, Limiter limiter, const Actor& actor
);
// What stands behind `Bearer` in the request's Authorization; empty when nothing does.
[[nodiscard]] std::string_view bearer_token(const HttpRequest& request);

// How a command's success is answered; runs on the connection's worker. The receipt's headers are
// already set.
using Render = std::function<void(const ExchangePtr&, const Accepted&)>;

// A command as a request carries it. `status` is what its success answers with.
struct CommandRequest {
    StreamId stream;
    Command command;
    UserId actor;
    int status = 200;
};
// Takes Idempotency-Key and If-Match from the request, submits, and answers by `render`, or with
// the problem. Errors of the two headers: 422 and 400.
void submit(const ExchangePtr& exchange, CommandRequest command, Render render);
// Renders nothing: 204.
void render_empty(const ExchangePtr& exchange, const Accepted& accepted);

// --- pieces of requests
// ---------------------------------------------------------------------------

// The request's body as an object; 415 when its Content-Type says that it is something else.
[[nodiscard]] Answer<nlohmann::json> body_of(const HttpRequest& request);
// An id in the path; 404 `code` when it is none: what cannot exist is not found.
[[nodiscard]] Answer<RoomId> room_in_path(const HttpRequest& request);
[[nodiscard]] Answer<UserId> user_in_path(const HttpRequest& request);
[[nodiscard]] Answer<Version> seq_in_path(const HttpRequest& request);
// A decimal query value; 422 with its name when it is none or not within the bounds (inclusive).
[[nodiscard]] Answer<std::optional<std::uint64_t>> number_in_query(
    const HttpRequest& request, std::string_view name, std::uint64_t min, std::uint64_t max
);
// A user's id in the query; nullopt where it was not sent. 422 when it is none.
[[nodiscard]] Answer<std::optional<UserId>> user_in_query(
    const HttpRequest& request, std::string_view name
);
// Decimal digits alone; nullopt when it is anything else, or beyond 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
// `Verbatim-Min-Position`; nullopt where it was not sent. 422 when it is no position.
[[nodiscard]] Answer<std::optional<Position>> min_position_of(const HttpRequest& request);
// `limit`, 1 to limits::page_items_max.
[[nodiscard]] Answer<std::size_t> limit_in_query(const HttpRequest& request);

// {"items":[…],"next":…}; `items` are joined by commas, `next` is a relative URL or empty for null.
[[nodiscard]] std::string list_json(std::string_view items, std::string_view next);
// The request's own path and query with `name` set to `value`, for `next`; the other cursors go.
[[nodiscard]] std::string next_url(
    const HttpRequest& request, std::string_view name, std::string_view value
);

}  // namespace verbatim::api
