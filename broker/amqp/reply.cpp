#include "broker/amqp/reply.hpp"

#include "domain/invariant.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <utility>

namespace verbatim::amqp {

namespace {

std::string text_of(const amqp_bytes_t& bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

// The broker's codes: https://www.rabbitmq.com/amqp-0-9-1-reference.html#constants
BrokerFault fault_of_code(std::uint16_t code) {
    switch (code) {
        case AMQP_ACCESS_REFUSED: return BrokerFault::no_permission;
        case AMQP_NOT_ALLOWED: return BrokerFault::wrong_vhost;
        case AMQP_NOT_FOUND: return BrokerFault::not_there;
        case AMQP_RESOURCE_LOCKED: return BrokerFault::held_elsewhere;
        case AMQP_PRECONDITION_FAILED: return BrokerFault::other_settings;
        case AMQP_CONNECTION_FORCED: return BrokerFault::connection_lost;
        default: return BrokerFault::refused;
    }
}

BrokerError refused(std::uint16_t code, const amqp_bytes_t& text, const std::string& doing) {
    return {
        .fault = fault_of_code(code),
        .detail = doing + ": the broker says " + std::to_string(code) + " " + text_of(text)};
}

BrokerFault fault_of_status(int status) {
    switch (status) {
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
        case AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION:
        case AMQP_STATUS_BAD_AMQP_DATA: return BrokerFault::unreachable;
        case AMQP_STATUS_TIMEOUT: return BrokerFault::timed_out;
        case AMQP_STATUS_SSL_ERROR:
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
        case AMQP_STATUS_SSL_CONNECTION_FAILED: return BrokerFault::tls_failed;
        case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD: return BrokerFault::wrong_credentials;
        default: return BrokerFault::connection_lost;
    }
}

}  // namespace

std::string_view name_of(BrokerFault fault) {
    switch (fault) {
        case BrokerFault::unreachable: return "unreachable";
        case BrokerFault::tls_failed: return "tls_failed";
        case BrokerFault::wrong_credentials: return "wrong_credentials";
        case BrokerFault::wrong_vhost: return "wrong_vhost";
        case BrokerFault::no_permission: return "no_permission";
        case BrokerFault::held_elsewhere: return "held_elsewhere";
        case BrokerFault::other_settings: return "other_settings";
        case BrokerFault::not_there: return "not_there";
        case BrokerFault::timed_out: return "timed_out";
        case BrokerFault::connection_lost: return "connection_lost";
        case BrokerFault::refused: return "refused";
    }
    broken_invariant("every BrokerFault is listed above");
}

std::string describe(const BrokerError& error) {
    return std::string(name_of(error.fault)) + ": " + error.detail;
}

BrokerError error_of_status(int status, const std::string& doing) {
    return {.fault = fault_of_status(status), .detail = doing + ": " + amqp_error_string2(status)};
}

std::optional<BrokerError> error_of_reply(const amqp_rpc_reply_t& reply, const std::string& doing) {
    switch (reply.reply_type) {
        case AMQP_RESPONSE_NORMAL: return std::nullopt;
        case AMQP_RESPONSE_NONE:
            return BrokerError{BrokerFault::connection_lost, doing + ": the connection ended"};
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: return error_of_status(reply.library_error, doing);
        case AMQP_RESPONSE_SERVER_EXCEPTION: return error_of_close(reply.reply, doing);
    }
    broken_invariant("every kind of reply is listed above");
}

BrokerError login_error(BrokerError error) {
    // A broker that does not name the cause ends the connection on a wrong password.
    if (error.fault == BrokerFault::no_permission) error.fault = BrokerFault::wrong_credentials;
    return error;
}

BrokerError error_of_close(const amqp_method_t& method, const std::string& doing) {
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* closed = static_cast<const amqp_connection_close_t*>(method.decoded);
        return refused(closed->reply_code, closed->reply_text, doing);
    }
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* closed = static_cast<const amqp_channel_close_t*>(method.decoded);
        return refused(closed->reply_code, closed->reply_text, doing);
    }
    return {.fault = BrokerFault::refused, .detail = doing + ": the broker ended it unasked"};
}

}  // namespace verbatim::amqp
