#include "broker/amqp/broker_url.hpp"

#include "broker/amqp/backoff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::amqp {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(BrokerUrl, NamesHostPortUserPasswordAndVhost) {
    const BrokerUrl url = parse_broker_url("amqp://ada:secret@rabbit.example:5673/chat").value();
    EXPECT_EQ(
        url,
        (BrokerUrl{
            .tls = false,
            .host = "rabbit.example",
            .port = 5673,
            .user = "ada",
            .password = "secret",
            .vhost = "chat"})
    );
}

TEST(BrokerUrl, HasTheUsualDefaults) {
    const BrokerUrl plain = parse_broker_url("amqp://rabbit").value();
    EXPECT_EQ(plain.port, 5672);
    EXPECT_EQ(plain.user, "guest");
    EXPECT_EQ(plain.password, "guest");
    EXPECT_EQ(plain.vhost, "/");
    EXPECT_EQ(parse_broker_url("amqp://rabbit/").value().vhost, "/");
    EXPECT_EQ(parse_broker_url("amqp://rabbit/%2f").value().vhost, "/");
    EXPECT_EQ(parse_broker_url("amqps://rabbit").value().port, 5671);
    EXPECT_TRUE(parse_broker_url("amqps://rabbit").value().tls);
}

TEST(BrokerUrl, IsPercentDecodedInEachPart) {
    const BrokerUrl url = parse_broker_url("amqp://a%40b:p%3a%2F%25@host/one%2Ftwo").value();
    EXPECT_EQ(url.user, "a@b");
    EXPECT_EQ(url.password, "p:/%");
    EXPECT_EQ(url.vhost, "one/two");
}

TEST(BrokerUrl, MayNameAnIpv6Address) {
    const BrokerUrl url = parse_broker_url("amqp://[::1]:1234/v").value();
    EXPECT_EQ(url.host, "::1");
    EXPECT_EQ(url.port, 1234);
    EXPECT_EQ(without_password(url), "amqp://guest@[::1]:1234/v");
}

TEST(BrokerUrl, IsShownWithoutItsPassword) {
    const BrokerUrl url = parse_broker_url("amqps://ada:secret@host/v").value();
    EXPECT_EQ(without_password(url), "amqps://ada@host:5671/v");
}

TEST(BrokerUrl, IsRefusedWhereItIsNoneWithoutRepeatingIt) {
    for (const char* text :
         {"",
          "http://secret@host",
          "amqp://",
          "amqp://secret@",
          "amqp://:secret@host",
          "amqp://secret@host:0",
          "amqp://secret@host:65536",
          "amqp://secret@host:12x",
          "amqp://secret@host:",
          "amqp://secret@[::1",
          "amqp://secret@[::1]x",
          "amqp://secret%4@host",
          "amqp://secret%00@host",
          "amqp://secret@host/%zz",
          "amqp://secret@host/one/two",
          "amqp://secret@host/v?heartbeat=5"}) {
        const auto url = parse_broker_url(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_THAT(url.error(), HasSubstr("amqp://user:password@host:port/vhost"));
        EXPECT_THAT(url.error(), Not(HasSubstr("secret")));
    }
}

TEST(Backoff, DoublesUpToItsBoundAndKeepsARandomHalf) {
    Backoff backoff(milliseconds(100), milliseconds(1'000), 7);
    for (const int span : {100, 200, 400, 800, 1'000, 1'000}) {
        const auto wait = backoff.next();
        EXPECT_GE(wait, milliseconds(span / 2));
        EXPECT_LE(wait, milliseconds(span));
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, DiffersFromNodeToNode) {
    Backoff one(milliseconds(10'000), milliseconds(10'000), 1);
    Backoff other(milliseconds(10'000), milliseconds(10'000), 2);
    EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace verbatim::amqp
