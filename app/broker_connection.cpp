#include "app/broker_connection.hpp"

#include <chrono>
#include <cstring>
#include <utility>

namespace verbatim {

Expected<amqp::ConnectionOptions, std::string> broker_connection(const Configuration& configuration
) {
    auto url = amqp::parse_broker_url(configuration.broker);
    if (!url) return failure("--broker: " + url.error());
    amqp::ConnectionOptions connection;
    connection.url = std::move(*url);
    connection.ca = configuration.broker_ca;
    connection.certificate = configuration.broker_cert;
    connection.key = configuration.broker_key;
    connection.patience = std::chrono::seconds(3);
    return connection;
}

// Of the last, random half of the id.
std::uint64_t broker_seed(const Uuid& instance) {
    std::uint64_t seed = 0;
    std::memcpy(&seed, instance.bytes.data() + 8, sizeof seed);
    return seed;
}

}  // namespace verbatim
