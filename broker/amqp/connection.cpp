#include "broker/amqp/connection.hpp"

#include "broker/amqp/reply.hpp"
#include "domain/invariant.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace verbatim::amqp {

namespace {

constexpr amqp_channel_t channel = 1;
constexpr int frame_bytes_max = 131'072;

amqp_bytes_t bytes_of(std::string_view text) {
    // The library takes bytes to read from by a pointer that could write.
    return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}
std::string text_of(const amqp_bytes_t& bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

timeval timeval_of(std::chrono::milliseconds span) {
    return {.tv_sec = span.count() / 1'000, .tv_usec = span.count() % 1'000 * 1'000};
}

amqp_table_entry_t entry(const char* key, bool value) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    made.value.value.boolean = value ? 1 : 0;
    return made;
}
amqp_table_entry_t entry(const char* key, std::string_view value) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_UTF8;
    made.value.value.bytes = bytes_of(value);
    return made;
}
amqp_table_entry_t entry(const char* key, std::uint32_t value) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_I64;
    made.value.value.i64 = value;
    return made;
}

BrokerError tls_failed(std::string why) {
    return {.fault = BrokerFault::tls_failed, .detail = std::move(why)};
}

// A message that has begun to come.
struct Arriving {
    Incoming message;
    bool returned = false;
    std::uint64_t bytes = 0;
    bool has_header = false;
};

}  // namespace

struct Connection::State {
    explicit State(const ConnectionOptions& given) : options(given) {}
    ~State() {
        if (connection != nullptr) amqp_destroy_connection(connection);
    }

    BrokerResult<void> connect();
    BrokerResult<amqp_socket_t*> make_tls_socket();
    BrokerResult<void> log_in();
    void bound_sending() const;
    [[nodiscard]] BrokerResult<void> last_answer(std::string_view what) const;
    BrokerResult<std::optional<Notice>> take_frame();
    BrokerResult<std::optional<Notice>> take_method(const amqp_method_t& method);
    BrokerResult<std::optional<Notice>> take_content(const amqp_frame_t& frame);
    std::optional<Notice> arrived();
    [[nodiscard]] BrokerError failed(int status, std::string_view doing) const {
        return error_of_status(status, std::string(doing) + " " + without_password(options.url));
    }

    ConnectionOptions options;
    amqp_connection_state_t connection = nullptr;
    int socket = -1;
    bool blocked = false;
    bool frame_taken = false;  // by the last take_frame()
    std::optional<Arriving> arriving;
};

BrokerResult<amqp_socket_t*> Connection::State::make_tls_socket() {
    amqp_socket_t* made = amqp_ssl_socket_new(connection);
    if (made == nullptr) return failure(tls_failed("TLS cannot be set up"));
    amqp_ssl_socket_set_ssl_versions(made, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (options.ca.empty()) {
        auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(made));
        SSL_CTX_set_default_verify_paths(context);
    } else if (amqp_ssl_socket_set_cacert(made, options.ca.c_str()) != AMQP_STATUS_OK) {
        return failure(
            tls_failed(options.ca.string() + " is no file of certificates of authorities (PEM)")
        );
    }
    if (options.certificate.empty()) return made;
    if (amqp_ssl_socket_set_key(made, options.certificate.c_str(), options.key.c_str()) !=
        AMQP_STATUS_OK)
        return failure(tls_failed(
            options.certificate.string() + " and " + options.key.string() +
            " are no certificate and its key (PEM)"
        ));
    return made;
}

// A broker that is stopped takes nothing and the library would wait for it without end
// (alanxz/rabbitmq-c#519): the kernel ends such a connection.
void Connection::State::bound_sending() const {
    const auto patience = static_cast<unsigned>(options.patience.count());
    static_cast<void>(
        ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience)
    );
}

BrokerResult<void> Connection::State::connect() {
    connection = amqp_new_connection();
    invariant(connection != nullptr, "there is memory for a connection");
    amqp_socket_t* door = nullptr;
    if (options.url.tls) {
        auto made = make_tls_socket();
        if (!made) return failure(made.error());
        door = *made;
    } else {
        door = amqp_tcp_socket_new(connection);
        invariant(door != nullptr, "there is memory for a socket");
    }
    const timeval patience = timeval_of(options.patience);
    const int opened =
        amqp_socket_open_noblock(door, options.url.host.c_str(), options.url.port, &patience);
    if (opened != AMQP_STATUS_OK) {
        BrokerError error = failed(opened, "connecting to");
        if (error.fault == BrokerFault::timed_out || error.fault == BrokerFault::connection_lost)
            error.fault = BrokerFault::unreachable;
        return failure(std::move(error));
    }
    socket = amqp_get_sockfd(connection);
    bound_sending();
    amqp_set_handshake_timeout(connection, &patience);
    amqp_set_rpc_timeout(connection, &patience);
    return log_in();
}

BrokerResult<void> Connection::State::log_in() {
    amqp_table_entry_t known[] = {
        entry("connection.blocked", true), entry("consumer_cancel_notify", true)};
    amqp_table_entry_t properties[] = {
        entry("capabilities", false), entry("connection_name", options.name)};
    properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[0].value.value.table = {.num_entries = 2, .entries = known};
    const amqp_table_t table = {.num_entries = 2, .entries = properties};
    const amqp_rpc_reply_t reply = amqp_login_with_properties(
        connection,
        options.url.vhost.c_str(),
        1,
        frame_bytes_max,
        static_cast<int>(options.heartbeat.count()),
        &table,
        AMQP_SASL_METHOD_PLAIN,
        options.url.user.c_str(),
        options.url.password.c_str()
    );
    const std::string doing = "logging in to " + without_password(options.url);
    if (auto error = error_of_reply(reply, doing)) return failure(login_error(std::move(*error)));
    amqp_channel_open(connection, channel);
    return last_answer("opening a channel");
}

BrokerResult<void> Connection::State::last_answer(std::string_view what) const {
    const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
    const std::string doing = std::string(what) + " at " + without_password(options.url);
    if (auto error = error_of_reply(reply, doing)) return failure(std::move(*error));
    return {};
}

BrokerResult<std::optional<Notice>> Connection::State::take_frame() {
    amqp_maybe_release_buffers(connection);
    amqp_frame_t frame;
    timeval at_once{};
    const int status = amqp_simple_wait_frame_noblock(connection, &frame, &at_once);
    frame_taken = status == AMQP_STATUS_OK;
    if (status == AMQP_STATUS_TIMEOUT) return std::optional<Notice>();
    if (!frame_taken) return failure(failed(status, "the connection to"));
    if (frame.frame_type == AMQP_FRAME_METHOD) return take_method(frame.payload.method);
    return take_content(frame);
}

BrokerResult<std::optional<Notice>> Connection::State::take_method(const amqp_method_t& method) {
    const std::string place = "at " + without_password(options.url);
    switch (method.id) {
        case AMQP_CONNECTION_BLOCKED_METHOD: blocked = true; return std::optional<Notice>();
        case AMQP_CONNECTION_UNBLOCKED_METHOD: blocked = false; return std::optional<Notice>();
        case AMQP_CONNECTION_CLOSE_METHOD:
        case AMQP_CHANNEL_CLOSE_METHOD: return failure(error_of_close(method, place));
        case AMQP_BASIC_CANCEL_METHOD: return std::optional<Notice>(ConsumerEnded{});
        case AMQP_BASIC_ACK_METHOD: {
            const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
            return std::optional<Notice>(Confirmation{
                .tag = ack->delivery_tag, .multiple = ack->multiple != 0, .taken = true});
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
            return std::optional<Notice>(Confirmation{
                .tag = nack->delivery_tag, .multiple = nack->multiple != 0, .taken = false});
        }
        case AMQP_BASIC_DELIVER_METHOD: {
            const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
            arriving = Arriving{
                .message = {
                    .exchange = text_of(deliver->exchange),
                    .routing_key = text_of(deliver->routing_key),
                    .body = {},
                    .tag = deliver->delivery_tag}};
            return std::optional<Notice>();
        }
        case AMQP_BASIC_RETURN_METHOD: {
            const auto* returned = static_cast<const amqp_basic_return_t*>(method.decoded);
            arriving = Arriving{
                .message =
                    {.exchange = {}, .routing_key = text_of(returned->routing_key), .body = {}},
                .returned = true};
            return std::optional<Notice>();
        }
        default:
            return failure(BrokerError{
                BrokerFault::refused,
                "an unexpected " + std::string(amqp_method_name(method.id)) + " " + place});
    }
}

BrokerResult<std::optional<Notice>> Connection::State::take_content(const amqp_frame_t& frame) {
    const bool is_header = frame.frame_type == AMQP_FRAME_HEADER;
    if (!arriving || (!is_header && frame.frame_type != AMQP_FRAME_BODY) ||
        is_header == arriving->has_header)
        return failure(BrokerError{
            BrokerFault::refused, "frames out of order at " + without_password(options.url)});
    if (is_header) {
        arriving->has_header = true;
        arriving->bytes = frame.payload.properties.body_size;
        if (arriving->bytes > message_bytes_max)
            return failure(BrokerError{
                BrokerFault::refused,
                "a message of " + std::to_string(arriving->bytes) + " bytes at " +
                    without_password(options.url)});
        arriving->message.body.reserve(static_cast<std::size_t>(arriving->bytes));
    } else {
        arriving->message.body += text_of(frame.payload.body_fragment);
    }
    return arrived();
}

std::optional<Notice> Connection::State::arrived() {
    if (arriving->message.body.size() < arriving->bytes) return std::nullopt;
    Arriving whole = std::move(*arriving);
    arriving.reset();
    if (whole.returned) return Returned{.routing_key = std::move(whole.message.routing_key)};
    return std::move(whole.message);
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

BrokerResult<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options) {
    auto state = std::make_unique<State>(options);
    auto connected = state->connect();
    if (!connected) return failure(connected.error());
    return std::unique_ptr<Connection>(new Connection(std::move(state)));
}

BrokerResult<void> Connection::declare_exchange(
    std::string_view name, ExchangeKind kind, bool durable
) {
    amqp_exchange_declare(
        state_->connection,
        channel,
        bytes_of(name),
        amqp_cstring_bytes(kind == ExchangeKind::fanout ? "fanout" : "topic"),
        0,
        durable ? 1 : 0,
        0,
        0,
        amqp_empty_table
    );
    return state_->last_answer("declaring the exchange " + std::string(name));
}

BrokerResult<std::string> Connection::declare_queue(const QueueOptions& options) {
    amqp_table_entry_t entries[3];
    int used = 0;
    if (options.messages_max > 0) entries[used++] = entry("x-max-length", options.messages_max);
    if (options.bytes_max > 0) entries[used++] = entry("x-max-length-bytes", options.bytes_max);
    if (used > 0) entries[used++] = entry("x-overflow", std::string_view("drop-head"));
    const auto* declared = amqp_queue_declare(
        state_->connection,
        channel,
        bytes_of(options.name),
        0,
        0,
        options.exclusive ? 1 : 0,
        options.auto_delete ? 1 : 0,
        {.num_entries = used, .entries = entries}
    );
    auto answer = state_->last_answer("declaring the queue " + options.name);
    if (!answer) return failure(answer.error());
    invariant(declared != nullptr, "the broker has answered");
    return text_of(declared->queue);
}

BrokerResult<void> Connection::bind(
    std::string_view queue, std::string_view exchange, std::string_view routing_key
) {
    amqp_queue_bind(
        state_->connection,
        channel,
        bytes_of(queue),
        bytes_of(exchange),
        bytes_of(routing_key),
        amqp_empty_table
    );
    return state_->last_answer("binding a queue to the exchange " + std::string(exchange));
}

BrokerResult<void> Connection::consume(std::string_view queue) {
    amqp_basic_consume(
        state_->connection, channel, bytes_of(queue), amqp_empty_bytes, 0, 1, 0, amqp_empty_table
    );
    return state_->last_answer("consuming from the queue " + std::string(queue));
}

BrokerResult<void> Connection::confirm() {
    amqp_confirm_select(state_->connection, channel);
    return state_->last_answer("asking for confirmations");
}

BrokerResult<void> Connection::publish(const Outgoing& message) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.content_type = bytes_of(message.content_type);
    // What we say holds texts, which may be destroyed any day; nobody scrubs a broker's files.
    properties.delivery_mode = AMQP_DELIVERY_NONPERSISTENT;
    const int status = amqp_basic_publish(
        state_->connection,
        channel,
        bytes_of(message.exchange),
        bytes_of(message.routing_key),
        message.routing == Routing::must_arrive ? 1 : 0,
        0,
        &properties,
        bytes_of(message.body)
    );
    if (status != AMQP_STATUS_OK) return failure(state_->failed(status, "publishing to"));
    return {};
}

BrokerResult<std::optional<Notice>> Connection::next(std::chrono::milliseconds wait, int wake) {
    const bool was_blocked = state_->blocked;
    const auto until = std::chrono::steady_clock::now() + wait;
    bool woken = false;
    while (true) {
        auto notice = state_->take_frame();
        if (!notice || *notice || state_->blocked != was_blocked) return notice;
        if (state_->frame_taken) continue;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (woken || left.count() <= 0) return std::optional<Notice>();
        // No longer than a heartbeat's half: take_frame() sends them.
        const auto pause = std::min<std::chrono::milliseconds>(left, state_->options.heartbeat / 2);
        pollfd watched[] = {{state_->socket, POLLIN, 0}, {wake, POLLIN, 0}};
        const int ready = ::poll(watched, wake < 0 ? 1 : 2, static_cast<int>(pause.count()));
        if (ready < 0 && errno != EINTR)
            return failure(BrokerError{BrokerFault::connection_lost, "poll failed"});
        woken = ready > 0 && wake >= 0 && (watched[1].revents & POLLIN) != 0;
    }
}

bool Connection::is_blocked() const {
    return state_->blocked;
}

void Connection::abandon() {
    ::shutdown(state_->socket, SHUT_RDWR);
}

}  // namespace verbatim::amqp
