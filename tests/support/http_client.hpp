#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;                              // 0: none came
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    // The body as JSON; null, and a failed test, when it is none.
    [[nodiscard]] nlohmann::json json() const;
    // Empty when it is not there.
    [[nodiscard]] std::string header(const std::string& lower_case_name) const;
    // Verbatim-Position and Verbatim-Room-Seq; 0 when they are not there.
    [[nodiscard]] std::uint64_t position() const;
    [[nodiscard]] std::uint64_t room_seq() const;
    // The problem's code; empty when it is no problem.
    [[nodiscard]] std::string code() const;
};

// One keep-alive connection to 127.0.0.1, used by one thread. Gives up after a minute.
class HttpClient {
public:
    explicit HttpClient(std::uint16_t port);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // nullopt: the connection ended, or was never made, before a whole answer came. What became of
    // the request is not known then; it is not sent again.
    [[nodiscard]] std::optional<HttpAnswer> ask(
        std::string_view method,
        std::string_view target,
        const Headers& headers = {},
        std::string_view body = {}
    );
    // Whether the next request can be sent: false too when the server has ended an idle connection.
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void close();
    [[nodiscard]] bool send(std::string_view bytes);
    [[nodiscard]] bool receive();
    [[nodiscard]] std::optional<HttpAnswer> read_answer(bool has_body);
    [[nodiscard]] std::optional<std::string> read_line();
    [[nodiscard]] std::optional<std::string> read_bytes(std::size_t count);
    [[nodiscard]] std::optional<std::string> read_chunks();

    std::uint16_t port_;
    int socket_;
    std::string buffer_;
};

}  // namespace verbatim::testing
