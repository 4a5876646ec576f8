#include "broker/http/http_client.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <unistd.h>

namespace verbatim {

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr unsigned http_1_1 = 11;

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string authority_of(const HttpUrl& url) {
    const bool is_ipv6 = url.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + url.host + "]" : url.host) + ":" + url.port;
}

}  // namespace

std::optional<HttpUrl> parse_http_url(std::string_view text) {
    HttpUrl url;
    if (text.starts_with("https://"))
        url.is_secure = true;
    else if (!text.starts_with("http://"))
        return std::nullopt;
    text.remove_prefix(url.is_secure ? 8 : 7);
    if (text.find_first_of("@?# ") != std::string_view::npos) return std::nullopt;
    const std::size_t slash = std::min(text.find('/'), text.size());
    std::string_view authority = text.substr(0, slash);
    url.path = text.substr(slash);
    while (url.path.ends_with('/')) url.path.pop_back();
    url.port = url.is_secure ? "443" : "80";
    const std::size_t bracket = authority.find(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        url.port = authority.substr(colon + 1);
        authority = authority.substr(0, colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']'))
        authority = authority.substr(1, authority.size() - 2);
    url.host = authority;
    if (url.host.empty() || !is_port(url.port)) return std::nullopt;
    return url;
}

std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_unreserved(c))
            encoded += c;
        else
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

struct HttpClient::Request {
    const std::string& target;
    const std::vector<Header>& headers;
    const std::string* json = nullptr;  // by POST; else by GET
};

// Asynchronous underneath: a blocking call of Asio knows neither a time limit nor an interrupt.
struct HttpClient::Connection {
    explicit Connection(const Options& options) : options_(options) {
        if (options.interrupt == -1) return;
        interrupt_.assign(::dup(options.interrupt));
        interrupt_.async_wait(
            net::posix::stream_descriptor::wait_read,
            [this](const beast::error_code& error) {
                if (error) return;
                is_interrupted_ = true;
                socket().cancel();
            }
        );
    }

    beast::error_code open();
    beast::error_code send(const Request& request);
    // Puts at most piece_bytes behind `body`.
    beast::error_code read_some(std::string& body);

    [[nodiscard]] int status() const { return static_cast<int>(parser_->get().result_int()); }
    [[nodiscard]] bool is_done() const { return parser_->is_done(); }
    [[nodiscard]] bool may_be_kept() const { return parser_->is_done() && parser_->keep_alive(); }
    [[nodiscard]] bool was_used() const { return was_used_; }
    [[nodiscard]] std::string sentence(const beast::error_code& error) const;

private:
    [[nodiscard]] Plain& socket() { return secure_ ? beast::get_lowest_layer(*secure_) : *plain_; }
    // Runs one operation, which `start` begins with the handler that it is given.
    template <class Start>
    beast::error_code run(const Start& start) {
        if (is_interrupted_) return net::error::operation_aborted;
        std::optional<beast::error_code> done;
        socket().expires_after(options_.patience);
        start([&done](beast::error_code error, const auto&...) { done = error; });
        io_.restart();
        while (!done) io_.run_one();
        return *done;
    }
    template <class Start>
    beast::error_code run_on_stream(const Start& start) {
        return run([&](auto handler) {
            if (secure_)
                start(*secure_, handler);
            else
                start(*plain_, handler);
        });
    }

    const Options& options_;
    net::io_context io_;
    net::ssl::context trusted_{net::ssl::context::tls_client};
    net::posix::stream_descriptor interrupt_{io_};
    std::unique_ptr<Plain> plain_ = std::make_unique<Plain>(io_);
    std::unique_ptr<Secure> secure_;
    beast::flat_buffer buffer_;
    std::optional<http::response_parser<http::buffer_body>> parser_;
    bool is_interrupted_ = false;
    bool was_used_ = false;
};

beast::error_code HttpClient::Connection::open() {
    beast::error_code error;
    net::ip::tcp::resolver resolver(io_);
    const auto found = resolver.resolve(options_.url.host, options_.url.port, error);
    if (error) return error;
    error = run([&](auto handler) { plain_->async_connect(found, handler); });
    if (error || !options_.url.is_secure) return error;
    trusted_.set_default_verify_paths(error);
    if (error) return error;
    secure_ = std::make_unique<Secure>(std::move(*plain_), trusted_);
    secure_->set_verify_mode(net::ssl::verify_peer);
    secure_->set_verify_callback(net::ssl::host_name_verification(options_.url.host));
    // Which of its certificates the server is to show.
    std::string host = options_.url.host;
    if (SSL_ctrl(
            secure_->native_handle(),
            SSL_CTRL_SET_TLSEXT_HOSTNAME,
            TLSEXT_NAMETYPE_host_name,
            host.data()
        ) != 1)
        return net::error::invalid_argument;
    return run([&](auto handler) {
        secure_->async_handshake(net::ssl::stream_base::client, handler);
    });
}

beast::error_code HttpClient::Connection::send(const Request& asked) {
    const auto verb = asked.json == nullptr ? http::verb::get : http::verb::post;
    http::request<http::string_body> request(verb, options_.url.path + asked.target, http_1_1);
    request.set(http::field::host, authority_of(options_.url));
    request.set(http::field::user_agent, "verbatim");
    for (const auto& [name, value] : options_.headers) request.set(name, value);
    for (const auto& [name, value] : asked.headers) request.set(name, value);
    request.keep_alive(true);
    if (asked.json != nullptr) {
        request.set(http::field::content_type, "application/json");
        request.body() = *asked.json;
        request.prepare_payload();
    }
    auto error = run_on_stream([&](auto& stream, auto handler) {
        http::async_write(stream, request, handler);
    });
    if (error) return error;
    parser_.emplace();
    parser_->body_limit(boost::none);
    error = run_on_stream([&](auto& stream, auto handler) {
        http::async_read_header(stream, buffer_, *parser_, handler);
    });
    was_used_ = true;
    return error;
}

beast::error_code HttpClient::Connection::read_some(std::string& body) {
    if (parser_->is_done()) return {};
    std::array<char, piece_bytes> piece;
    parser_->get().body().data = piece.data();
    parser_->get().body().size = piece.size();
    const auto error = run_on_stream([&](auto& stream, auto handler) {
        http::async_read_some(stream, buffer_, *parser_, handler);
    });
    body.append(piece.data(), piece.size() - parser_->get().body().size);
    return error == http::error::need_buffer ? beast::error_code() : error;
}

std::string HttpClient::Connection::sentence(const beast::error_code& error) const {
    const std::string where =
        (options_.url.is_secure ? "https://" : "http://") + authority_of(options_.url);
    if (is_interrupted_) return "interrupted while waiting for " + where;
    if (error == beast::error::timeout) return where + " does not answer";
    if (error == http::error::partial_message || error == http::error::end_of_stream)
        return where + " broke its answer off";
    return where + ": " + error.message();
}

HttpClient::HttpClient(Options options) : options_(std::move(options)) {}
HttpClient::~HttpClient() = default;

Expected<HttpAnswerHead, std::string> HttpClient::begin_get(
    const std::string& target, const std::vector<Header>& headers
) {
    return begin({.target = target, .headers = headers});
}

Expected<HttpAnswerHead, std::string> HttpClient::begin(const Request& request) {
    if (connection_ && !connection_->may_be_kept()) connection_.reset();
    // A connection that was kept may have been closed by the server meanwhile: once more, then.
    for (bool is_again = false;; is_again = true) {
        beast::error_code error;
        if (!connection_) {
            connection_ = std::make_unique<Connection>(options_);
            error = connection_->open();
        }
        const bool was_kept = connection_->was_used();
        if (!error) error = connection_->send(request);
        if (!error) return HttpAnswerHead{.status = connection_->status()};
        const std::string why = connection_->sentence(error);
        connection_.reset();
        const bool is_stale = was_kept && error != beast::error::timeout;
        if (is_again || !is_stale) return failure(why);
    }
}

Expected<std::string, std::string> HttpClient::read() {
    std::string body;
    while (body.empty() && !connection_->is_done()) {
        const auto error = connection_->read_some(body);
        if (!error) continue;
        std::string why = connection_->sentence(error);
        connection_.reset();
        return failure(std::move(why));
    }
    return body;
}

Expected<HttpText, std::string> HttpClient::get(
    const std::string& target, std::size_t body_bytes_max
) {
    const auto head = begin_get(target, {});
    if (!head) return failure(head.error());
    return read_all(head->status, target, body_bytes_max);
}

Expected<HttpText, std::string> HttpClient::post(
    const std::string& target, const std::string& json, std::size_t body_bytes_max
) {
    close();
    const auto head = begin({.target = target, .headers = {}, .json = &json});
    if (!head) return failure(head.error());
    return read_all(head->status, target, body_bytes_max);
}

Expected<HttpText, std::string> HttpClient::read_all(
    int status, const std::string& target, std::size_t body_bytes_max
) {
    HttpText answer{.status = status, .body = {}};
    while (true) {
        const auto piece = read();
        if (!piece) return failure(piece.error());
        if (piece->empty()) return answer;
        answer.body += *piece;
        if (answer.body.size() <= body_bytes_max) continue;
        close();
        return failure("the answer to " + target + " is larger than it may be");
    }
}

void HttpClient::close() {
    connection_.reset();
}

}  // namespace verbatim
