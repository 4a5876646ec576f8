#include "broker/amqp/leader_client.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <future>
#include <thread>

namespace verbatim {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Resolver = net::ip::tcp::resolver;

// The leader keeps idle connections for longer.
constexpr auto idle_max = std::chrono::seconds(10);
constexpr auto connecting_max = std::chrono::seconds(3);
constexpr std::uint32_t head_bytes_max = 32 * 1024;

using Request = http::request<http::string_body>;
using Callback = std::function<void(LeaderClient::Result)>;

Request made_of(LeaderRequest& wanted, const LeaderAddress& leader) {
    Request request;
    request.version(11);
    request.method_string(wanted.method);
    request.target(wanted.target);
    request.set(http::field::host, leader.host + ":" + leader.port);
    request.set(http::field::connection, "keep-alive");
    for (const auto& [name, value] : wanted.headers) request.insert(name, value);
    request.body() = std::move(wanted.body);
    const bool has_body = !request.body().empty() || wanted.method == "POST" ||
                          wanted.method == "PUT" || wanted.method == "PATCH";
    if (has_body) request.content_length(request.body().size());
    return request;
}

template <class Body>
LeaderAnswer head_of(const http::response<Body>& response) {
    LeaderAnswer answer;
    answer.status = static_cast<int>(response.result_int());
    for (const auto& field : response)
        answer.headers.emplace_back(field.name_string(), field.value());
    return answer;
}

LeaderFault fault_of(const beast::error_code& error) {
    return error == http::error::body_limit ? LeaderFault::too_large : LeaderFault::no_answer;
}

}  // namespace

std::optional<LeaderAddress> LeaderAddress::parse(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    if (url.ends_with('/')) url.remove_suffix(1);
    LeaderAddress address{.host = {}, .port = "80"};
    const auto colon = url.rfind(':');
    const bool has_port = colon != url.npos && url.find(']', colon) == url.npos;
    if (has_port) address.port = url.substr(colon + 1);
    address.host = url.substr(0, has_port ? colon : url.npos);
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    const bool is_number = !address.port.empty() && address.port.size() <= 5 &&
                           address.port.find_first_not_of("0123456789") == std::string::npos;
    if (address.host.empty() || !is_number || address.host.find('/') != std::string::npos)
        return std::nullopt;
    return address;
}

std::string LeaderAddress::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return "http://" + (is_v6 ? "[" + host + "]" : host) + ":" + port;
}

std::string_view LeaderAnswer::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (beast::iequals(key, name)) return value;
    return {};
}

std::string_view name_of(LeaderFault fault) {
    switch (fault) {
        case LeaderFault::unreachable: return "the leader cannot be reached";
        case LeaderFault::no_answer: return "the leader did not answer";
        case LeaderFault::too_large: return "the leader's answer is too large";
        case LeaderFault::busy: return "too many requests wait for the leader";
        case LeaderFault::not_written: return "the file could not be written";
    }
    broken_invariant("every LeaderFault is listed above");
}

// All on the pool's thread but for what is posted to it.
struct LeaderClient::Pool : std::enable_shared_from_this<Pool> {
    explicit Pool(Options wanted) : options(std::move(wanted)) {}

    struct Waiting {
        LeaderRequest request;
        Callback callback;
        std::chrono::steady_clock::time_point due;
    };
    struct Idle {
        beast::tcp_stream stream;
        std::chrono::steady_clock::time_point since;
    };
    class Exchange;

    void take(Waiting waiting);
    void begin(Waiting waiting);
    std::optional<beast::tcp_stream> idle_connection();
    void is_free(std::optional<beast::tcp_stream> stream);
    void stop();

    const Options options;
    net::io_context io{1};
    net::executor_work_guard<net::io_context::executor_type> work = net::make_work_guard(io);
    std::deque<Idle> idle;
    std::deque<Waiting> waiting;
    std::vector<std::weak_ptr<Exchange>> exchanges;  // some of them over
    std::size_t connections_in_use = 0;
    bool stopping = false;
    std::thread thread;
};

// One request on its connection.
class LeaderClient::Pool::Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(std::shared_ptr<Pool> pool, Waiting waiting, std::optional<beast::tcp_stream> stream)
        : pool_(std::move(pool)),
          callback_(std::move(waiting.callback)),
          due_(waiting.due),
          is_head_(waiting.request.method == "HEAD"),
          is_connected_(stream.has_value()),
          request_(made_of(waiting.request, pool_->options.leader)),
          stream_(stream ? std::move(*stream) : beast::tcp_stream(pool_->io)),
          resolver_(pool_->io) {
        parser_.body_limit(waiting.request.answer_bytes_max);
        parser_.header_limit(head_bytes_max);
        if (is_head_) parser_.skip(true);
    }

    void run() {
        if (is_connected_) return write();
        stream_.expires_at(std::min(due_, std::chrono::steady_clock::now() + connecting_max));
        const LeaderAddress& leader = pool_->options.leader;
        resolver_.async_resolve(
            leader.host,
            leader.port,
            [self = shared_from_this()](beast::error_code error, const auto& found) {
                if (error) return self->fail(LeaderFault::unreachable);
                self->stream_.async_connect(found, [self](beast::error_code refused, const auto&) {
                    if (refused) return self->fail(LeaderFault::unreachable);
                    beast::error_code ignored;
                    self->stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
                    self->write();
                });
            }
        );
    }
    void abort() {
        resolver_.cancel();
        stream_.close();
    }

private:
    void write() {
        stream_.expires_at(due_);
        http::async_write(
            stream_,
            request_,
            [self = shared_from_this()](beast::error_code error, std::size_t) {
                if (error) return self->fail(LeaderFault::no_answer);
                self->read();
            }
        );
    }
    void read() {
        http::async_read(
            stream_,
            buffer_,
            parser_,
            [self = shared_from_this()](beast::error_code error, std::size_t) {
                if (error) return self->fail(fault_of(error));
                self->succeed();
            }
        );
    }
    void succeed() {
        LeaderAnswer answer = head_of(parser_.get());
        answer.body = std::move(parser_.get().body());
        std::optional<beast::tcp_stream> kept;
        if (parser_.keep_alive()) {
            stream_.expires_never();
            kept.emplace(std::move(stream_));
        }
        finish(std::move(answer), std::move(kept));
    }
    void fail(LeaderFault fault) {
        stream_.close();
        finish(failure(fault), std::nullopt);
    }
    void finish(Result result, std::optional<beast::tcp_stream> kept) {
        pool_->is_free(std::move(kept));
        callback_(std::move(result));
    }

    const std::shared_ptr<Pool> pool_;
    const Callback callback_;
    const std::chrono::steady_clock::time_point due_;
    const bool is_head_;
    const bool is_connected_;
    Request request_;
    http::response_parser<http::string_body> parser_;
    beast::flat_buffer buffer_;
    beast::tcp_stream stream_;
    Resolver resolver_;
};

void LeaderClient::Pool::take(Waiting next) {
    if (stopping) return next.callback(failure(LeaderFault::unreachable));
    if (connections_in_use < options.connections_max) return begin(std::move(next));
    if (waiting.size() >= options.waiting_max) return next.callback(failure(LeaderFault::busy));
    waiting.push_back(std::move(next));
}

void LeaderClient::Pool::begin(Waiting next) {
    ++connections_in_use;
    auto exchange =
        std::make_shared<Exchange>(shared_from_this(), std::move(next), idle_connection());
    std::erase_if(exchanges, [](const auto& one) { return one.expired(); });
    exchanges.push_back(exchange);
    exchange->run();
}

// One that the leader has closed, or has said something on unasked, is of no use.
std::optional<beast::tcp_stream> LeaderClient::Pool::idle_connection() {
    const auto oldest = std::chrono::steady_clock::now() - idle_max;
    while (!idle.empty()) {
        Idle newest = std::move(idle.back());
        idle.pop_back();
        if (newest.since < oldest) continue;
        beast::error_code error;
        auto& socket = newest.stream.socket();
        socket.non_blocking(true, error);
        char byte = 0;
        socket.receive(net::buffer(&byte, 1), net::socket_base::message_peek, error);
        if (error == net::error::would_block) return std::move(newest.stream);
    }
    return std::nullopt;
}

void LeaderClient::Pool::is_free(std::optional<beast::tcp_stream> stream) {
    --connections_in_use;
    if (stream && !stopping) idle.push_back({std::move(*stream), std::chrono::steady_clock::now()});
    while (!stopping && !waiting.empty()) {
        Waiting next = std::move(waiting.front());
        waiting.pop_front();
        if (next.due > std::chrono::steady_clock::now()) return begin(std::move(next));
        next.callback(failure(LeaderFault::busy));
    }
}

void LeaderClient::Pool::stop() {
    stopping = true;
    for (Waiting& one : std::exchange(waiting, {})) one.callback(failure(LeaderFault::unreachable));
    for (const auto& weak : exchanges)
        if (const auto exchange = weak.lock()) exchange->abort();
    idle.clear();
    work.reset();
}

LeaderClient::LeaderClient(Options options) : pool_(std::make_shared<Pool>(std::move(options))) {
    pool_->thread = std::thread([pool = pool_.get()] { pool->io.run(); });
}

LeaderClient::~LeaderClient() {
    stop();
}

void LeaderClient::stop() {
    if (is_stopped_.exchange(true)) return;
    net::post(pool_->io, [pool = pool_] { pool->stop(); });
    pool_->thread.join();
}

void LeaderClient::ask(LeaderRequest request, std::function<void(Result)> callback) {
    if (is_stopped_) return callback(failure(LeaderFault::unreachable));
    const auto due = std::chrono::steady_clock::now() + request.patience;
    auto waiting = std::make_shared<Pool::Waiting>(Pool::Waiting{
        std::move(request), std::move(callback), due});
    net::post(pool_->io, [pool = pool_, waiting] { pool->take(std::move(*waiting)); });
}

LeaderClient::Result LeaderClient::ask_and_wait(LeaderRequest request) {
    auto answered = std::make_shared<std::promise<Result>>();
    auto answer = answered->get_future();
    ask(std::move(request), [answered](Result result) { answered->set_value(std::move(result)); });
    return answer.get();
}

LeaderClient::Result LeaderClient::download(
    LeaderRequest request, const std::filesystem::path& file
) const {
    net::io_context io(1);
    beast::tcp_stream stream(io);
    const auto patience = request.patience;
    beast::error_code error;
    // Each step with the patience that is given to the whole: a large file takes its time.
    const auto step = [&](auto&& begin) {
        stream.expires_after(patience);
        begin([&](beast::error_code result, const auto&...) { error = result; });
        io.restart();
        io.run();
        return !error;
    };
    const LeaderAddress& leader = pool_->options.leader;
    const auto found = Resolver(io).resolve(leader.host, leader.port, error);
    if (error) return failure(LeaderFault::unreachable);
    if (!step([&](auto done) { stream.async_connect(found, done); }))
        return failure(LeaderFault::unreachable);
    const std::size_t bytes_max = request.answer_bytes_max;
    Request message = made_of(request, leader);
    if (!step([&](auto done) { http::async_write(stream, message, done); }))
        return failure(LeaderFault::no_answer);
    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> head;
    head.header_limit(head_bytes_max);
    head.body_limit(bytes_max);
    if (!step([&](auto done) { http::async_read_header(stream, buffer, head, done); }))
        return failure(LeaderFault::no_answer);
    if (head.get().result() != http::status::ok) return head_of(head.get());
    http::response_parser<http::file_body> body(std::move(head));
    body.get().body().open(file.c_str(), beast::file_mode::write, error);
    if (error) return failure(LeaderFault::not_written);
    while (!body.is_done())
        if (!step([&](auto done) { http::async_read_some(stream, buffer, body, done); }))
            return failure(fault_of(error));
    return head_of(body.get());
}

}  // namespace verbatim
