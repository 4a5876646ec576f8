#include "broker/signal.hpp"

#include "domain/limits.hpp"
#include "tests/support/log_scribe.hpp"

#include <gtest/gtest.h>
#include <string>

namespace verbatim::testing {
namespace {

const Uuid node = numbered_uuid(1);

TEST(SignalBytes, AreReadAsTheyWereWritten) {
    const TypingSignal typing{
        .room = numbered_id<RoomId>(2), .user = numbered_id<UserId>(3), .typing = true};
    PresenceSignal presence;
    for (std::uint64_t i = 0; i < PresenceSignal::users_max; ++i)
        presence.users.push_back({.user = numbered_id<UserId>(i), .online = i % 2 == 0});
    for (const Signal& signal : {Signal(typing), Signal(presence)}) {
        const std::string bytes = encode_signal(node, signal);
        EXPECT_LE(bytes.size(), limits::signal_bytes_max);
        const auto read = parse_signal(bytes);
        ASSERT_TRUE(read.has_value()) << bytes;
        EXPECT_EQ(read->node, node);
        EXPECT_EQ(read->signal, signal);
    }
}

TEST(SignalBytes, ThatAreNoneAreNone) {
    const std::string good = encode_signal(
        node, TypingSignal{.room = numbered_id<RoomId>(2), .user = numbered_id<UserId>(3)}
    );
    const std::string own = good.substr(0, good.find(",\"typing\""));  // {"node":"…"
    for (const std::string& bytes :
         {std::string(),
          std::string("[]"),
          std::string("{}"),
          std::string("nonsense"),
          std::string(R"({"node":5,"typing":{}})"),
          std::string(R"({"node":"x","typing":{}})"),
          own + "}",
          own + R"(,"typing":{}})",
          own + R"(,"typing":[]})",
          own + R"(,"presence":{}})",
          own + R"(,"presence":[1]})",
          own + R"(,"waving":{}})",
          good + std::string(limits::signal_bytes_max, ' '),
          good.substr(0, good.size() - 1)})
        EXPECT_FALSE(parse_signal(bytes).has_value()) << bytes;
    EXPECT_TRUE(parse_signal(own + R"(,"presence":[]})").has_value());
}

}  // namespace
}  // namespace verbatim::testing
