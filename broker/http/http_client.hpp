#pragma once

#include "domain/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim {

// Where a server is: http://host[:port][/path] or https://….
struct HttpUrl {
    bool is_secure = false;
    std::string host;
    std::string port;  // 80 or 443 where none is given
    std::string path;  // without a '/' at its end; may be empty
};
// nullopt: no such URL. One with a user, a query or a fragment is none.
[[nodiscard]] std::optional<HttpUrl> parse_http_url(std::string_view text);
// What may stand in a path or a query: the rest percent-encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

struct HttpAnswerHead {
    int status = 0;
};
struct HttpText {
    int status = 0;
    std::string body;
};

// Asks a server, one request at a time over one connection that is kept alive. With https
// the server's certificate must be one that this system trusts (SSL_CERT_FILE names others).
//
// Errors:  all are sentences for people. The connection is closed then; the next request opens
//          another.
// Threads: one; calls block until there is something, `patience` is over, or `interrupt` is
//          readable.
class HttpClient {
public:
    struct Options {
        HttpUrl url;
        std::vector<std::pair<std::string, std::string>> headers{};     // of every request
        std::chrono::milliseconds patience = std::chrono::seconds(60);  // without a byte
        int interrupt = -1;  // a descriptor; -1: nothing interrupts
    };
    explicit HttpClient(Options options);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    using Header = std::pair<std::string, std::string>;
    // The whole answer. `target` comes after the URL's path. Also an error: more than
    // `body_bytes_max`.
    [[nodiscard]] Expected<HttpText, std::string> get(
        const std::string& target, std::size_t body_bytes_max
    );
    // The same by POST, over a new connection: a request that was lost on one that the server had
    // closed is not sent again.
    [[nodiscard]] Expected<HttpText, std::string> post(
        const std::string& target, const std::string& json, std::size_t body_bytes_max
    );
    // Only the answer's head; the body follows by read().
    [[nodiscard]] Expected<HttpAnswerHead, std::string> begin_get(
        const std::string& target, const std::vector<Header>& headers
    );
    // The next piece of the body; empty at its end. Also an error: the body was broken off.
    // Requires: begin_get() has succeeded, and read() has not given the end.
    [[nodiscard]] Expected<std::string, std::string> read();
    // Whatever else would come of a body is of no interest.
    void close();

private:
    struct Connection;
    struct Request;
    [[nodiscard]] Expected<HttpAnswerHead, std::string> begin(const Request& request);
    [[nodiscard]] Expected<HttpText, std::string> read_all(
        int status, const std::string& target, std::size_t body_bytes_max
    );

    Options options_;
    std::unique_ptr<Connection> connection_;
};

}  // namespace verbatim
