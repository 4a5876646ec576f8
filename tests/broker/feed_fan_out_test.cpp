#include "tests/broker/support/feed_world.hpp"

// Many feeds of one room.
namespace verbatim::testing {
namespace {

// Sends `count` messages without waiting for each answer, and waits for all.
void send_burst(
    FeedWorld& world,
    const FeedWorld::Person& sender,
    const RoomId& room,
    int count,
    std::size_t size
) {
    std::promise<void> last;
    for (int i = 0; i < count; ++i) {
        world.submit(
            sender.user,
            stream_of(room),
            RoomCommand(FeedWorld::saying(std::to_string(i) + std::string(size, '.'))),
            [&last, is_last = i + 1 == count](const CommandResult& result) {
                EXPECT_TRUE(result.has_value());
                if (is_last) last.set_value();
            }
        );
    }
    last.get_future().wait();
}

TEST(FanOut, EncodesAnEventOnceAndLetsWaitingFramesLeaveInOneWrite) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    constexpr int feeds = 20;
    constexpr int messages = 500;
    std::vector<FeedClient> clients;
    for (int i = 0; i < feeds; ++i) clients.push_back(world.live(alice));
    const auto before = world.server().figures();
    send_burst(world, alice, hall, messages, 10);
    for (FeedClient& client : clients) {
        std::uint64_t expected = world.log().head().value() - messages;
        for (int i = 0; i < messages; ++i)
            ASSERT_EQ(client.read().at("event").at("position"), ++expected);
    }
    const auto after = world.server().figures();
    EXPECT_EQ(after.frames_encoded - before.frames_encoded, messages);
    EXPECT_EQ(after.deliveries - before.deliveries, feeds * messages);
    EXPECT_LT(after.writes - before.writes, feeds * messages / 2);
}

TEST(FanOut, EncodesNothingThatNobodyReceives) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    const RoomId hall = world.room(alice);
    const RoomId his = world.room(bob);
    FeedClient feed = world.live(bob);
    (void)world.run(alice, hall, FeedWorld::saying("to herself"));
    (void)world.run(bob, his, FeedWorld::saying("to himself"));
    EXPECT_EQ(feed.read().at("event").at("data").at("text"), "to himself");
    EXPECT_EQ(world.server().figures().frames_encoded, 1u);
}

TEST(FanOut, ClosesASlowReaderWith4408AndServesAllOthers) {
    feed::FeedOptions options;
    options.send_buffer_bytes = 4'096;
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    FeedClient slow = world.open(alice, {}, 4'096);
    FeedClient quick = world.live(alice);
    // More frames than may wait; the quick one reads along.
    constexpr int messages = static_cast<int>(limits::feed_backlog_frames_max) + 1'000;
    const std::uint64_t first = world.log().head().value() + 1;
    for (int sent = 0; sent < messages; sent += 100) {
        const int burst = std::min(100, messages - sent);
        send_burst(world, alice, hall, burst, 200);
        for (int i = sent; i < sent + burst; ++i)
            ASSERT_EQ(quick.read().at("event").at("position"), first + static_cast<unsigned>(i));
    }
    EXPECT_EQ(slow.read_close_code(), 4408);
    // What it missed is there for it.
    FeedClient resumed = world.open(alice, FeedWorld::after(Position(first - 1)));
    EXPECT_EQ(resumed.read().at("type"), "welcome");
    for (int i = 0; i < messages; ++i)
        ASSERT_EQ(resumed.read().at("event").at("position"), first + static_cast<unsigned>(i));
    EXPECT_EQ(resumed.read().at("type"), "caught_up");
}

}  // namespace
}  // namespace verbatim::testing
