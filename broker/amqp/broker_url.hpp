#pragma once

#include "domain/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace verbatim::amqp {

// amqp[s]://[user[:password]@]host[:port][/vhost], as RabbitMQ's URI specification has it: each
// part is percent-decoded; without a path the vhost is "/", and "amqp://host/%2f" says the same.
struct BrokerUrl {
    bool tls = false;  // amqps
    std::string host;  // without the brackets of an IPv6 address
    std::uint16_t port = 0;
    std::string user = "guest";
    std::string password = "guest";
    std::string vhost = "/";

    friend bool operator==(const BrokerUrl&, const BrokerUrl&) = default;
};

// Errors: a sentence for people, which does not repeat the URL: it may hold a password.
[[nodiscard]] Expected<BrokerUrl, std::string> parse_broker_url(std::string_view text);
// "amqp://user@host:5672/vhost": for logs.
[[nodiscard]] std::string without_password(const BrokerUrl& url);

}  // namespace verbatim::amqp
