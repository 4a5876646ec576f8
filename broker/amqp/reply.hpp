#pragma once

#include "broker/amqp/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Of rabbitmq-c, whose headers stand in source files only.
struct amqp_rpc_reply_t_;
struct amqp_method_t_;

// Internal to the files connection*.cpp: what rabbitmq-c and the broker say, in our words.
namespace verbatim::amqp {

// Of a message's body: more than any of ours, and no reason to run out of memory.
inline constexpr std::uint64_t message_bytes_max = 8ull * 1024 * 1024;

// `doing` begins the sentence: "connecting to amqp://…".
[[nodiscard]] BrokerError error_of_status(int status, const std::string& doing);
// nullopt: it went well.
[[nodiscard]] std::optional<BrokerError> error_of_reply(
    const amqp_rpc_reply_t_& reply, const std::string& doing
);
// What a login was refused for: a broker says by the same codes other things later.
[[nodiscard]] BrokerError login_error(BrokerError error);
// Requires: connection.close or channel.close.
[[nodiscard]] BrokerError error_of_close(const amqp_method_t_& method, const std::string& doing);

}  // namespace verbatim::amqp
