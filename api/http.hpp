#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim::api {

enum class Method { get, head, post, put, patch, del, options, other };

// One whole request, already framed and bounded by the gate. Lives as long as the handler holds it.
struct HttpRequest {
    Method method = Method::other;
    std::string path;  // percent-decoded, without the query; always starts with '/'
    std::vector<std::pair<std::string, std::string>> query;       // percent-decoded, in order
    std::vector<std::pair<std::string, std::string>> headers;     // names in lower case
    std::vector<std::pair<std::string, std::string>> parameters;  // {name} of the matched route
    std::string body;
    std::string peer_address;  // numeric, without the port; X-Forwarded-For is not applied here
    std::string request_id;  // ours, one for each request: also in every log line, answer, problem
    // The pattern that matched, for metrics: "/api/v1/rooms/{room_id}". Valid while its server is.
    std::string_view route;

    // Null when absent. The first one where there are several.
    [[nodiscard]] const std::string* header(std::string_view lower_case_name) const;
    [[nodiscard]] const std::string* query_value(std::string_view name) const;
    [[nodiscard]] std::string_view parameter(std::string_view name) const;  // "" when absent
};

// The later part of a long answer, pulled piece by piece as the client takes it, so that a slow
// reader costs no memory. Pulled on the worker that owns the connection; must not block. Destroyed
// with the connection, which may be before it has ended.
class BodyStream {
public:
    virtual ~BodyStream() = default;
    // The next piece; nullopt at the end. Pieces of about 64 KiB are best. An empty one: nothing
    // yet; it is asked again after the worker's other connections had their turn.
    [[nodiscard]] virtual std::optional<std::string> next() = 0;
};

// Content-Length, Transfer-Encoding, Connection, Date, X-Request-Id and what tells browsers what
// not to do (api/security_headers.hpp) are the server's own: such headers given here are left out,
// but for a Content-Security-Policy, which then stands. A header value's control characters become
// spaces.
struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  // Content-Type included
    std::string body;
    // Null for almost all answers. Otherwise `body` is followed by what it yields, sent in chunks
    // (HTTP/1.0: until the connection closes), or, when `stream_bytes` tells how much it will be,
    // under a Content-Length; a stream that yields less or more then ends the connection.
    std::shared_ptr<BodyStream> stream = nullptr;
    std::optional<std::uint64_t> stream_bytes = std::nullopt;
};

// Answers one request. May be called from any thread, once; a second call is ignored. If the
// client is gone the answer is dropped. A responder destroyed without a call answers 500.
class Responder {
public:
    virtual ~Responder() = default;
    virtual void send(HttpResponse response) = 0;
    // Runs `work` on the worker that owns the connection, soon; from any thread, any number of
    // times, also after send(). It must neither throw nor block. Dropped when the server has ended.
    virtual void post(std::function<void()> work) = 0;
};

// A handler runs on the worker that owns the connection and must not block: it answers at once or
// hands the responder to whoever will. One that throws has answered 500.
using Handler = std::function<void(std::shared_ptr<const HttpRequest>, std::shared_ptr<Responder>)>;

// "GET"; "OTHER" for Method::other.
[[nodiscard]] std::string_view method_name(Method method);
[[nodiscard]] Method parse_method(std::string_view name);  // case matters (RFC 9110, 9.1)

}  // namespace verbatim::api
