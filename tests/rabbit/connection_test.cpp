#include "broker/amqp/connection.hpp"

#include "tests/rabbit/rabbit_test.hpp"

#include <gmock/gmock.h>
#include <thread>

namespace verbatim::testing {
namespace {

using namespace amqp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class BrokerConnection : public RabbitTest {
protected:
    static BrokerError refusal(const ConnectionOptions& options) {
        const auto opened = Connection::open(options);
        EXPECT_FALSE(opened.has_value());
        return opened ? BrokerError{} : opened.error();
    }
    static void expect_fault(const BrokerError& error, BrokerFault fault) {
        EXPECT_EQ(name_of(error.fault), name_of(fault)) << error.detail;
        EXPECT_THAT(error.detail, Not(HasSubstr("wrong-password")));
    }
    // A consuming connection with a queue of its own on `exchange`.
    [[nodiscard]] std::unique_ptr<Connection> consumer(
        const std::string& exchange, const std::string& key = ""
    ) const {
        auto made = connect();
        const auto queue = made->declare_queue({.name = {}, .exclusive = true}).value();
        EXPECT_TRUE(made->bind(queue, exchange, key).has_value());
        EXPECT_TRUE(made->consume(queue).has_value());
        return made;
    }
};

TEST_F(BrokerConnection, CarriesMessagesOfAnySizeInOrderAndConfirmsThem) {
    const auto publisher = connect();
    ASSERT_TRUE(publisher->declare_exchange("news", ExchangeKind::fanout, true).has_value());
    ASSERT_TRUE(publisher->confirm().has_value());
    const auto reader = consumer("news");
    const std::vector<std::string> bodies = {
        "one", "", std::string(1'000'000, 'x'), std::string("\0\1", 2)};
    for (const std::string& body : bodies)
        ASSERT_TRUE(publisher
                        ->publish(
                            {.exchange = "news",
                             .routing_key = "k",
                             .content_type = "text/plain",
                             .body = body}
                        )
                        .has_value());
    for (const std::string& body : bodies) {
        const auto message = next<Incoming>(*reader);
        EXPECT_EQ(message.body, body);
        EXPECT_EQ(message.exchange, "news");
        EXPECT_EQ(message.routing_key, "k");
    }
    std::uint64_t confirmed = 0;
    while (confirmed < bodies.size()) {
        const auto confirmation = next<Confirmation>(*publisher);
        EXPECT_TRUE(confirmation.taken);
        ASSERT_GT(confirmation.tag, confirmed);
        confirmed = confirmation.tag;
    }
}

TEST_F(BrokerConnection, SaysWhatHadToArriveAndCouldNot) {
    const auto publisher = connect();
    ASSERT_TRUE(publisher->declare_exchange("news", ExchangeKind::topic, true).has_value());
    ASSERT_TRUE(publisher->confirm().has_value());
    ASSERT_TRUE(publisher
                    ->publish(
                        {.exchange = "news",
                         .routing_key = "nowhere",
                         .content_type = "text/plain",
                         .body = "lost",
                         .routing = Routing::must_arrive}
                    )
                    .has_value());
    EXPECT_EQ(next<Returned>(*publisher).routing_key, "nowhere");
    EXPECT_TRUE(next<Confirmation>(*publisher).taken);
}

TEST_F(BrokerConnection, DropsTheOldestOfAQueueThatIsFull) {
    const auto publisher = connect();
    ASSERT_TRUE(publisher->declare_exchange("news", ExchangeKind::fanout, true).has_value());
    ASSERT_TRUE(publisher->confirm().has_value());
    const auto queue =
        publisher->declare_queue({.name = {}, .exclusive = true, .messages_max = 2}).value();
    ASSERT_TRUE(publisher->bind(queue, "news", "").has_value());
    for (const char* body : {"one", "two", "three"}) {
        ASSERT_TRUE(publisher
                        ->publish(
                            {.exchange = "news",
                             .routing_key = "",
                             .content_type = "text/plain",
                             .body = body}
                        )
                        .has_value());
        EXPECT_TRUE(next<Confirmation>(*publisher).taken);
    }
    ASSERT_TRUE(publisher->consume(queue).has_value());
    EXPECT_EQ(next<Incoming>(*publisher).body, "two");
    EXPECT_EQ(next<Incoming>(*publisher).body, "three");
}

TEST_F(BrokerConnection, IsToldThatAnotherHoldsAnExclusiveQueue) {
    const QueueOptions lock{.name = "lock", .exclusive = true, .auto_delete = true};
    auto holder = connect();
    ASSERT_TRUE(holder->declare_queue(lock).has_value());
    EXPECT_TRUE(holder->declare_queue(lock).has_value());
    const auto refused = connect()->declare_queue(lock);
    ASSERT_FALSE(refused.has_value());
    expect_fault(refused.error(), BrokerFault::held_elsewhere);
    EXPECT_THAT(refused.error().detail, HasSubstr("declaring the queue lock"));
}

TEST_F(BrokerConnection, IsToldThatAnExchangeHasOtherSettings) {
    ASSERT_TRUE(connect()->declare_exchange("news", ExchangeKind::fanout, true).has_value());
    const auto refused = connect()->declare_exchange("news", ExchangeKind::topic, true);
    ASSERT_FALSE(refused.has_value());
    expect_fault(refused.error(), BrokerFault::other_settings);
}

TEST_F(BrokerConnection, NamesWhatALoginWasRefusedFor) {
    expect_fault(refusal(options("guest:wrong-password")), BrokerFault::wrong_credentials);
    expect_fault(refusal(options("nobody:wrong-password")), BrokerFault::wrong_credentials);
    const BrokerError vhost_error = refusal(options_for(broker().url("no-such-vhost")));
    expect_fault(vhost_error, BrokerFault::wrong_vhost);
    EXPECT_THAT(vhost_error.detail, HasSubstr("no-such-vhost"));
}

TEST_F(BrokerConnection, NamesAMissingPermission) {
    const auto powerless = Connection::open(options(RabbitBroker::powerless_user)).value();
    const auto refused = powerless->declare_exchange("news", ExchangeKind::fanout, true);
    ASSERT_FALSE(refused.has_value());
    expect_fault(refused.error(), BrokerFault::no_permission);
    EXPECT_THAT(refused.error().detail, HasSubstr("news"));
}

TEST_F(BrokerConnection, SaysThatNobodyIsThere) {
    ConnectionOptions nobody = options();
    nobody.url.port = 1;
    expect_fault(refusal(nobody), BrokerFault::unreachable);
    nobody.url.host = "no-such-host.invalid";
    expect_fault(refusal(nobody), BrokerFault::unreachable);
}

TEST_F(BrokerConnection, SpeaksTlsWithBothCertificates) {
    ConnectionOptions tls = options_for(broker().tls_url(vhost));
    tls.ca = broker().ca();
    tls.certificate = broker().client_certificate();
    tls.key = broker().client_key();
    const auto opened = Connection::open(tls);
    ASSERT_TRUE(opened.has_value()) << describe(opened.error());
    EXPECT_TRUE((*opened)->declare_exchange("news", ExchangeKind::fanout, true).has_value());
}

TEST_F(BrokerConnection, NamesWhatIsWrongWithTls) {
    ConnectionOptions tls = options_for(broker().tls_url(vhost));
    tls.certificate = broker().client_certificate();
    tls.key = broker().client_key();
    expect_fault(refusal(tls), BrokerFault::tls_failed);  // an authority that nobody knows
    tls.ca = "/no/such/file";
    const BrokerError missing = refusal(tls);
    expect_fault(missing, BrokerFault::tls_failed);
    EXPECT_THAT(missing.detail, HasSubstr("/no/such/file"));
    tls.ca = broker().ca();
    tls.key = broker().ca();
    expect_fault(refusal(tls), BrokerFault::tls_failed);  // a certificate without its key
    tls.key = broker().client_key();
    tls.url.host = "127.0.0.2";
    expect_fault(refusal(tls), BrokerFault::unreachable);
    tls.url.host = "127.0.0.1";
    tls.url.port = broker().port();  // speaks no TLS
    expect_fault(refusal(tls), BrokerFault::tls_failed);
}

TEST_F(BrokerConnection, WakesForADescriptorAndGivesUpWhenNothingComes) {
    const auto connection = connect();
    EXPECT_FALSE(connection->next(milliseconds(20)).value().has_value());
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(connection->next(seconds(30), ends[0]).value().has_value());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(BrokerConnection, EndsWhenItIsAbandoned) {
    const auto connection = connect();
    std::thread other([&] { connection->abandon(); });
    const auto ended = connection->next(seconds(30));
    other.join();
    ASSERT_FALSE(ended.has_value());
    expect_fault(ended.error(), BrokerFault::connection_lost);
}

}  // namespace
}  // namespace verbatim::testing
