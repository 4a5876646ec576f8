#pragma once

#include "app/configuration.hpp"
#include "broker/amqp/connection.hpp"
#include "domain/ids.hpp"
#include "domain/result.hpp"

#include <cstdint>
#include <string>

namespace verbatim {

// How the configured broker is reached. Requires: there is one. Errors: a sentence for people.
[[nodiscard]] Expected<amqp::ConnectionOptions, std::string> broker_connection(
    const Configuration& configuration
);
// For the waits between attempts of the process with this id.
[[nodiscard]] std::uint64_t broker_seed(const Uuid& instance);

}  // namespace verbatim
