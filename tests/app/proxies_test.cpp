#include "app/proxies.hpp"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

TrustedProxies trusting(const std::vector<std::string>& networks) {
    auto parsed = TrustedProxies::parse(networks);
    EXPECT_TRUE(parsed.has_value());
    return *parsed;
}

TEST(TrustedProxies, BelieveNobodyByDefault) {
    EXPECT_EQ(trusting({}).client_of("127.0.0.1", "9.9.9.9"), "127.0.0.1");
}

TEST(TrustedProxies, TakeTheLastAddressThatNoTrustedProxySpokeFor) {
    const auto proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
    EXPECT_EQ(proxies.client_of("127.0.0.1", "9.9.9.9"), "9.9.9.9");
    EXPECT_EQ(proxies.client_of("127.0.0.1", "9.9.9.9, 10.1.2.3"), "9.9.9.9");
    EXPECT_EQ(proxies.client_of("127.0.0.1", "1.1.1.1, 9.9.9.9 ,10.1.2.3"), "9.9.9.9");
}

TEST(TrustedProxies, IgnoreWhatAStrangerClaims) {
    EXPECT_EQ(trusting({"10.0.0.0/8"}).client_of("8.8.8.8", "9.9.9.9"), "8.8.8.8");
}

TEST(TrustedProxies, StopAtWhatIsNoAddress) {
    EXPECT_EQ(trusting({"127.0.0.1"}).client_of("127.0.0.1", "9.9.9.9, unknown"), "127.0.0.1");
}

TEST(TrustedProxies, KnowIPv6AndMappedIPv4) {
    EXPECT_EQ(trusting({"fd00::/8"}).client_of("fd12::1", "2001:db8::7"), "2001:db8::7");
    EXPECT_EQ(trusting({"127.0.0.0/8"}).client_of("::ffff:127.0.0.1", "9.9.9.9"), "9.9.9.9");
}

TEST(TrustedProxies, RefuseWhatIsNoAddressAndNoNetwork) {
    for (const char* text :
         {"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "fd00::/129", ""}) {
        const auto parsed = TrustedProxies::parse({text});
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error(), text);
    }
}

}  // namespace
}  // namespace verbatim
