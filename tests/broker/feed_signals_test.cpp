#include "broker/feed/bounds.hpp"
#include "domain/limits.hpp"
#include "tests/broker/support/feed_world.hpp"

#include <set>

// What is told and never logged: typing and presence.
namespace verbatim::testing {
namespace {

feed::FeedOptions often_swept() {
    feed::FeedOptions options;
    options.sweep = std::chrono::milliseconds(10);
    return options;
}

class FeedSignals : public ::testing::Test {
protected:
    static nlohmann::json typing_of(const RoomId& room, const FeedWorld::Person& who, bool typing) {
        return {
            {"type", "typing"},
            {"room_id", to_text(room)},
            {"user_id", to_text(who.user)},
            {"typing", typing}};
    }
    static nlohmann::json saying(const RoomId& room, bool typing) {
        return {{"type", "typing"}, {"room_id", to_text(room)}, {"typing", typing}};
    }
    // Returns once the feed has handled all that its client has said.
    static void settle(FeedClient& feed) {
        feed.send({{"type", "unknown"}, {"ref", "settled"}});
        EXPECT_EQ(feed.read("problem").at("ref"), "settled");
    }

    FeedWorld world{often_swept()};
    FeedWorld::Person alice = world.person("alice");
    FeedWorld::Person bob = world.person("bob");
};

TEST_F(FeedSignals, TypingEndsByItself) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    hers.send(saying(hall, true));
    EXPECT_EQ(his.read(), typing_of(hall, alice, true));
    world.move_clock(limits::typing_ms / 1'000);
    EXPECT_EQ(his.read(), typing_of(hall, alice, false));
}

TEST_F(FeedSignals, TypingEndsAfterTheMessageThatWasTyped) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    hers.send(saying(hall, true));
    EXPECT_EQ(his.read(), typing_of(hall, alice, true));
    (void)world.run(alice, hall, FeedWorld::saying("typed"));
    EXPECT_EQ(his.read().at("event").at("type"), "message.sent");
    EXPECT_EQ(his.read(), typing_of(hall, alice, false));
}

TEST_F(FeedSignals, TypingEndsWithTheMembership) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    his.send(saying(hall, true));
    EXPECT_EQ(hers.read(), typing_of(hall, bob, true));
    (void)world.run(bob, hall, LeaveRoom{});
    EXPECT_EQ(hers.read().at("event").at("type"), "member.left");
    EXPECT_EQ(hers.read(), typing_of(hall, bob, false));
}

TEST_F(FeedSignals, TypingThatIsRepeatedIsToldOnce) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    for (int i = 0; i < 50; ++i) hers.send(saying(hall, true));
    settle(hers);
    (void)world.run(alice, hall, FeedWorld::saying("the end"));
    EXPECT_EQ(his.read(), typing_of(hall, alice, true));
    EXPECT_EQ(his.read().at("type"), "event");
}

TEST_F(FeedSignals, ReceiptsComeAtOnceHoweverCloselyMarkersFollow) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    for (int i = 0; i < 5; ++i) (void)world.run(alice, hall, FeedWorld::saying("one of five"));
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    const Position before = world.log().head();
    for (int seq = 3; seq <= 7; ++seq) {
        his.send({{"type", "read"}, {"ref", seq}, {"room_id", to_text(hall)}, {"up_to", seq}});
        const nlohmann::json receipt = {
            {"type", "receipt"},
            {"room_id", to_text(hall)},
            {"user_id", to_text(bob.user)},
            {"up_to", seq}};
        EXPECT_EQ(hers.read(), receipt);
        EXPECT_EQ(his.read("ack").at("position"), before.next().value());
    }
    EXPECT_EQ(world.log().head(), before.next()) << "one event; the others are noted";
}

TEST_F(FeedSignals, PresenceIsToldToThoseWhoShareARoomOnceEach) {
    const auto carol = world.person("carol");
    for (const RoomId& room : {world.room(alice), world.room(alice)})
        (void)world.run(bob, room, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient outside = world.live(carol);
    EXPECT_FALSE(world.server().is_online(bob.user));
    {
        FeedClient his = world.live(bob);
        const auto came = hers.read("presence");
        EXPECT_EQ(came.at("user_id"), to_text(bob.user));
        EXPECT_EQ(came.at("online"), true);
        EXPECT_TRUE(came.at("last_seen_at").is_string());
        EXPECT_TRUE(world.server().is_online(bob.user));
        his.send(FeedClient::Opcode::close, "\x03\xe8");
        EXPECT_EQ(his.read_close_code(), 1000);
        EXPECT_FALSE(his.read_frame().has_value());  // so the feed has left
    }
    world.move_clock(limits::presence_grace_ms / 1'000);
    const auto went = hers.read_any();
    EXPECT_EQ(went.at("type"), "presence") << "the coming was told once";
    EXPECT_EQ(went.at("online"), false);
    EXPECT_FALSE(world.server().is_online(bob.user));
    EXPECT_TRUE(world.server().is_online(alice.user));
    outside.send({{"type", "unknown"}, {"ref", "quiet"}});
    EXPECT_EQ(outside.read_any().at("type"), "problem");
}

TEST_F(FeedSignals, PresenceCostsNothingInRoomsOfMoreThanAThousandMembers) {
    const RoomId crowded = world.room(alice);
    UpdateRoom larger;
    larger.max_members = limits::presence_members_max + 10;
    (void)world.run(alice, crowded, larger);
    for (std::size_t members = 1; members < limits::presence_members_max; ++members)
        (void)world.run({UserId(new_uuid(system_now())), {}, {}}, crowded, JoinRoom{});
    (void)world.run(bob, crowded, JoinRoom{});
    const auto carol = world.person("carol");
    (void)world.run(carol, world.room(alice), JoinRoom{});

    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    FeedClient carols = world.live(carol);
    EXPECT_EQ(hers.read("presence").at("user_id"), to_text(carol.user))
        << "people are told of in their order: of bob she was not told";
    EXPECT_TRUE(world.server().is_online(bob.user)) << "and may ask";
}

TEST_F(FeedSignals, PresenceOfManyWhoComeAtOnceIsToldALittleAtATime) {
    const RoomId hall = world.room(alice);
    constexpr std::size_t crowd = 40;
    std::vector<FeedWorld::Person> people;
    for (std::size_t i = 0; i < crowd; ++i) {
        people.push_back(world.person("guest" + std::to_string(i)));
        (void)world.run(people.back(), hall, JoinRoom{});
    }
    FeedClient hers = world.live(alice);
    std::vector<FeedClient> feeds;
    for (const auto& each : people) feeds.push_back(world.live(each));
    std::set<std::string> told;
    while (told.size() < crowd) {
        const auto frame = hers.read("presence");
        EXPECT_TRUE(told.insert(frame.at("user_id")).second) << "each once";
    }
}

// --- other nodes ---

const Uuid other_node = numbered_uuid(77);

TEST_F(FeedSignals, TypingIsToldToOtherNodesAndTheirsIsToldHere) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    hers.send(saying(hall, true));
    const TypingSignal told{.room = hall, .user = alice.user, .typing = true};
    (void)world.signal([&](const Signal& signal) { return signal == Signal(told); });
    const TypingSignal theirs{.room = hall, .user = bob.user, .typing = true};
    world.server().hear({.node = other_node, .signal = theirs});
    EXPECT_EQ(hers.read(), typing_of(hall, bob, true));
    world.move_clock(limits::typing_ms / 1'000);
    EXPECT_EQ(hers.read(), typing_of(hall, bob, false)) << "also when the end is lost";
}

TEST_F(FeedSignals, WhoComesAndGoesIsToldToOtherNodes) {
    const auto says = [&](bool online) {
        return [this, online](const Signal& signal) {
            const auto* presence = std::get_if<PresenceSignal>(&signal);
            const PresenceSignal::User wanted{.user = bob.user, .online = online};
            return presence != nullptr &&
                   std::ranges::find(presence->users, wanted) != presence->users.end();
        };
    };
    {
        FeedClient his = world.live(bob);
        (void)world.signal(says(true));
    }
    (void)world.signal(says(false));
}

TEST_F(FeedSignals, WhoIsOnlineElsewhereIsOnlineHere) {
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    const auto say = [&](bool online) {
        world.server().hear(
            {.node = other_node,
             .signal = PresenceSignal{.users = {{.user = bob.user, .online = online}}}}
        );
    };
    say(true);
    EXPECT_EQ(hers.read("presence").at("online"), true);
    EXPECT_TRUE(world.server().is_online(bob.user));
    say(false);
    settle(hers);
    world.move_clock(limits::presence_grace_ms / 1'000);
    EXPECT_EQ(hers.read("presence").at("online"), false);
}

}  // namespace
}  // namespace verbatim::testing
