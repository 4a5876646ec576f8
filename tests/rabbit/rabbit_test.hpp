#pragma once

#include "broker/amqp/connection.hpp"
#include "tests/support/rabbit_broker.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <variant>

namespace verbatim::testing {

// One broker for the whole program, a vhost for each test.
class RabbitTest : public ::testing::Test {
protected:
    static RabbitBroker& broker() {
        static RabbitBroker instance;
        return instance;
    }

    const std::string vhost = broker().new_vhost();

    [[nodiscard]] amqp::ConnectionOptions options(const std::string& user = "guest:guest") const {
        return options_for(broker().url(vhost, user));
    }
    [[nodiscard]] static amqp::ConnectionOptions options_for(const std::string& url) {
        amqp::ConnectionOptions made;
        made.url = amqp::parse_broker_url(url).value();
        made.name = "a test";
        return made;
    }
    [[nodiscard]] std::unique_ptr<amqp::Connection> connect() const {
        return amqp::Connection::open(options()).value();
    }
    // The next notice of a kind; others before it are passed over. Fails where none comes.
    template <class Kind>
    static Kind next(amqp::Connection& connection) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < until) {
            auto notice = connection.next(std::chrono::milliseconds(1'000));
            if (!notice) {
                ADD_FAILURE() << describe(notice.error());
                return {};
            }
            if (*notice && std::holds_alternative<Kind>(**notice))
                return std::get<Kind>(std::move(**notice));
        }
        ADD_FAILURE() << "no such notice came";
        return {};
    }
};

}  // namespace verbatim::testing
