#include "broker/amqp/signals.hpp"

#include "domain/limits.hpp"
#include "tests/rabbit/rabbit_test.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/moments.hpp"

#include <gmock/gmock.h>
#include <mutex>
#include <vector>

namespace verbatim::testing {
namespace {

using namespace amqp;
using ::testing::HasSubstr;

// A node that tells and hears.
class Node {
public:
    Node(const ConnectionOptions& connection, std::uint64_t number, std::uint64_t epoch = 100)
        : id(numbered_uuid(number)),
          signals(
              {.connection = connection,
               .epoch = numbered_uuid(epoch),
               .node = id,
               .received =
                   [this](const SignalFrom& signal) {
                       const std::lock_guard lock(mutex);
                       heard.push_back(signal);
                   },
               .report =
                   [this](const std::string& what) {
                       const std::lock_guard lock(mutex);
                       reports += what + "\n";
                   },
               .seed = number}
          ) {
        signals.start();
    }
    [[nodiscard]] std::vector<SignalFrom> all_heard() const {
        const std::lock_guard lock(mutex);
        return heard;
    }
    [[nodiscard]] std::string all_reports() const {
        const std::lock_guard lock(mutex);
        return reports;
    }

    const Uuid id;
    mutable std::mutex mutex;
    std::vector<SignalFrom> heard;
    std::string reports;
    Signals signals;
};

class NodesSignals : public RabbitTest {
protected:
    static Signal typing(std::uint64_t who) {
        return TypingSignal{
            .room = numbered_id<RoomId>(7), .user = numbered_id<UserId>(who), .typing = true};
    }
    // Signals may be lost, above all before both are connected: says it until it is heard.
    static bool tells(Node& from, const Node& to, const Signal& signal) {
        return comes_true([&] {
            from.signals.send(signal);
            const auto heard = to.all_heard();
            return std::ranges::any_of(heard, [&](const SignalFrom& each) {
                return each.signal == signal && each.node == from.id;
            });
        });
    }
};

TEST_F(NodesSignals, ReachTheOthersAndNotTheTeller) {
    Node one(options(), 1);
    Node other(options(), 2);
    EXPECT_TRUE(tells(one, other, typing(5)));
    EXPECT_TRUE(tells(
        other, one, PresenceSignal{.users = {{.user = numbered_id<UserId>(5), .online = true}}}
    ));
    for (const SignalFrom& signal : one.all_heard()) EXPECT_EQ(signal.node, other.id);
}

TEST_F(NodesSignals, StayWithinTheirLog) {
    Node one(options(), 1, 100);
    Node other_log(options(), 2, 200);
    Node same_log(options(), 3, 100);
    EXPECT_TRUE(tells(one, same_log, typing(5)));
    EXPECT_TRUE(other_log.all_heard().empty());
}

TEST_F(NodesSignals, AreDroppedWhileThereIsNoBroker) {
    Node alone(options_for("amqp://127.0.0.1:1/"), 1);
    for (std::size_t i = 0; i < 3 * limits::signals_waiting_max; ++i) alone.signals.send(typing(i));
    EXPECT_EQ(alone.signals.dropped(), 3 * limits::signals_waiting_max);
    EXPECT_TRUE(comes_true([&] { return !alone.all_reports().empty(); }));
    EXPECT_THAT(alone.all_reports(), HasSubstr("unreachable"));
}

TEST_F(NodesSignals, GoOnAfterTheBrokerWasKilled) {
    Node one(options(), 1);
    Node other(options(), 2);
    ASSERT_TRUE(tells(one, other, typing(5)));
    broker().kill9();
    broker().start();
    EXPECT_TRUE(tells(one, other, typing(6)));
    EXPECT_TRUE(tells(other, one, typing(7)));
}

}  // namespace
}  // namespace verbatim::testing
