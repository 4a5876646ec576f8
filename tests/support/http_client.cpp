#include "tests/support/http_client.hpp"

#include "tests/support/answer_recorder.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace verbatim::testing {

namespace {

constexpr int patience_seconds = 60;

std::uint64_t number_of(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

int connect_to(std::uint16_t port) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const timeval patience{patience_seconds, 0};
    ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return made;
    ::close(made);
    return -1;
}

}  // namespace

nlohmann::json HttpAnswer::json() const {
    auto parsed = nlohmann::json::parse(body, nullptr, false);
    if (!parsed.is_discarded()) return parsed;
    ADD_FAILURE() << "an answer of status " << status << " is no JSON: " << body;
    return nullptr;
}

std::string HttpAnswer::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string() : found->second;
}

std::uint64_t HttpAnswer::position() const {
    return number_of(header("verbatim-position"));
}

std::uint64_t HttpAnswer::room_seq() const {
    return number_of(header("verbatim-room-seq"));
}

std::string HttpAnswer::code() const {
    if (header("content-type") != "application/problem+json") return {};
    return json().value("code", "");
}

HttpClient::HttpClient(std::uint16_t port) : port_(port), socket_(connect_to(port)) {}

HttpClient::~HttpClient() {
    close();
}

bool HttpClient::is_open() const {
    if (socket_ < 0) return false;
    char next = 0;
    return ::recv(socket_, &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

void HttpClient::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool HttpClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool HttpClient::receive() {
    std::array<char, 16 * 1024> bytes{};
    const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<HttpAnswer> HttpClient::ask(
    std::string_view method, std::string_view target, const Headers& headers, std::string_view body
) {
    if (!is_open()) return std::nullopt;
    std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    request += "Host: 127.0.0.1\r\n";
    for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
    const bool may_have_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (may_have_body || !body.empty())
        request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n";
    request += body;
    // A server that has had enough answers before it has taken all.
    (void)send(request);
    auto answer = read_answer(method != "HEAD");
    if (answer) record_answer(method, target, body, *answer);
    if (!answer || lower_case(answer->header("connection")) == "close") close();
    return answer;
}

std::optional<std::string> HttpClient::read_line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
        if (!receive()) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return line;
}

std::optional<std::string> HttpClient::read_bytes(std::size_t count) {
    while (buffer_.size() < count)
        if (!receive()) return std::nullopt;
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

std::optional<std::string> HttpClient::read_chunks() {
    std::string body;
    for (;;) {
        const auto size_line = read_line();
        if (!size_line) return std::nullopt;
        const auto size = std::strtoull(size_line->c_str(), nullptr, 16);
        const auto chunk = read_bytes(size);
        if (!chunk || !read_line()) return std::nullopt;
        body += *chunk;
        if (size == 0) return body;
    }
}

std::optional<HttpAnswer> HttpClient::read_answer(bool has_body) {
    const auto status_line = read_line();
    if (!status_line || !status_line->starts_with("HTTP/1.1 ")) return std::nullopt;
    HttpAnswer answer;
    answer.status = std::atoi(status_line->c_str() + 9);
    for (;;) {
        const auto line = read_line();
        if (!line) return std::nullopt;
        if (line->empty()) break;
        const std::size_t colon = line->find(": ");
        EXPECT_TRUE(
            answer.headers.emplace(lower_case(line->substr(0, colon)), line->substr(colon + 2))
                .second
        ) << *line
          << " is there twice";
    }
    if (!has_body || answer.status == 204 || answer.status == 304) return answer;
    const bool is_chunked = !answer.header("transfer-encoding").empty();
    auto body = is_chunked ? read_chunks() : read_bytes(number_of(answer.header("content-length")));
    if (!body) return std::nullopt;
    answer.body = std::move(*body);
    return answer;
}

}  // namespace verbatim::testing
