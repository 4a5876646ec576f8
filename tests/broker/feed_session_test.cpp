#include "tests/broker/support/feed_world.hpp"

// One feed and its client: how it opens, what it says, how it ends.
namespace verbatim::testing {
namespace {

using Opcode = FeedClient::Opcode;

TEST(Feed, WelcomesAndIsCaughtUpAtOnceWithoutACursor) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient feed = world.open(alice);
    const auto welcome = feed.read();
    EXPECT_EQ(welcome.at("type"), "welcome");
    EXPECT_EQ(welcome.at("user_id"), to_text(alice.user));
    EXPECT_EQ(welcome.at("epoch"), base32_text(world.log().epoch()));
    EXPECT_EQ(welcome.at("position"), 2);
    EXPECT_EQ(welcome.at("heartbeat_seconds"), 30);
    EXPECT_EQ(feed.read(), nlohmann::json({{"type", "caught_up"}, {"position", 2}}));
}

TEST(Feed, TakesTheTokenFromHeaderQueryOrSubProtocol) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient by_header = world.client();
    by_header.upgrade("/api/v1/feed", {{"Authorization", "Bearer " + alice.token}});
    EXPECT_EQ(by_header.read().at("type"), "welcome");
    FeedClient by_query = world.client();
    by_query.upgrade("/api/v1/feed?token=" + alice.token);
    EXPECT_EQ(by_query.read().at("type"), "welcome");
    FeedClient by_protocol = world.client();
    const auto head =
        by_protocol.upgrade("/api/v1/feed", {{"Sec-WebSocket-Protocol", "bearer, " + alice.token}});
    EXPECT_NE(head.find("Sec-WebSocket-Protocol: bearer\r\n"), std::string::npos) << head;
    EXPECT_EQ(by_protocol.read().at("type"), "welcome");
}

TEST(Feed, CompletesTheHandshakeOfABadTokenAndClosesWith4401) {
    FeedWorld world;
    for (const std::string target : {"/api/v1/feed", "/api/v1/feed?token=nonsense"}) {
        FeedClient feed = world.client();
        EXPECT_TRUE(feed.upgrade(target).starts_with("HTTP/1.1 101"));
        EXPECT_EQ(feed.read_close_code(), 4401);
    }
}

TEST(Feed, TellsEverybodyElseOnThisPortWhatItIs) {
    FeedWorld world;
    struct Case {
        std::string request;
        std::string status;
    };
    const Case cases[] = {
        {"GET /api/v1/feed HTTP/1.1\r\nHost: a\r\n\r\n", "426"},
        {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404"},
        {"GET /ws/chat/a/b HTTP/1.1\r\nHost: a\r\n\r\n", "404"},
        {"GET /api/v1/feed?after=x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"GET /api/v1/feed?scope=some HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"hello\r\n\r\n", "400"},
        {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n", "431"}};
    for (const Case& each : cases) {
        FeedClient client = world.client();
        client.send_raw(each.request);
        const std::string answer = client.read_to_end();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + each.status)) << answer;
        EXPECT_NE(answer.find("application/problem+json"), std::string::npos);
        EXPECT_NE(answer.find("\"request_id\""), std::string::npos);
    }
}

TEST(Feed, RefusesMoreFeedsFromOneAddressThanTheLimiterAllows) {
    FeedWorld world;
    const auto alice = world.person("alice");
    world.rate_limits().set(Limiter::feeds_per_address, {.per_second = 0.001, .burst = 1});
    world.open(alice);
    FeedClient second = world.client();
    EXPECT_TRUE(second.upgrade("/api/v1/feed?token=" + alice.token).starts_with("HTTP/1.1 429"));
}

TEST(Feed, RefusesMoreFeedsThanItServes) {
    feed::FeedOptions options;
    options.sessions_max = 1;
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    const FeedClient first = world.live(alice);
    FeedClient second = world.client();
    EXPECT_TRUE(second.upgrade("/api/v1/feed?token=" + alice.token).starts_with("HTTP/1.1 503"));
}

TEST(Feed, ClosesWith4401WhenItsTokenExpiresUnlessItIsRenewed) {
    feed::FeedOptions options;
    options.sweep = std::chrono::milliseconds(10);
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    FeedClient renewed = world.live(alice);
    FeedClient expired = world.live(alice);
    const Timestamp later(system_now().microseconds() + 600 * 1'000'000LL);
    renewed.send(
        {{"type", "auth"}, {"token", world.tokens().issue(alice.user, alice.session, later)}}
    );
    renewed.send({{"type", "unknown"}, {"ref", 1}});
    EXPECT_EQ(renewed.read().at("type"), "problem");  // so the renewal has been handled
    world.move_clock(limits::access_token_seconds + 1);
    EXPECT_EQ(expired.read_close_code(), 4401);
    renewed.send({{"type", "unknown"}, {"ref", 2}});
    EXPECT_EQ(renewed.read().at("ref"), 2);
}

TEST(Feed, OfAnApiKeyLastsUntilTheKeyIsRevoked) {
    feed::FeedOptions options;
    options.sweep = std::chrono::milliseconds(5);
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    KeyId key;
    FeedClient feed = world.live(world.with_key(alice, {KeyScope::read}, key));
    FeedClient session = world.live(alice);
    world.move_clock(limits::refresh_token_seconds);
    EXPECT_EQ(session.read_close_code(), 4401) << "so the sweep came by";
    feed.send({{"type", "typing"}, {"ref", 1}, {"room_id", "x"}, {"typing", true}});
    EXPECT_EQ(feed.read().at("ref"), 1);
    EXPECT_TRUE(
        world.run(alice.user, stream_of(alice.user), AccountCommand(RevokeKey{key})).has_value()
    );
    EXPECT_EQ(feed.read().at("event").at("type"), "key.revoked");
    EXPECT_EQ(feed.read_close_code(), 4401);
}

TEST(Feed, OfAnApiKeyThatDoesNotReadIsClosedWith4403) {
    FeedWorld world;
    const auto alice = world.person("alice");
    KeyId key;
    const auto bot = world.with_key(alice, {KeyScope::send}, key);
    EXPECT_EQ(world.open(bot).read_close_code(), 4403);
    FeedClient feed = world.live(alice);
    feed.send({{"type", "auth"}, {"token", bot.token}});
    EXPECT_EQ(feed.read_close_code(), 4403);
}

TEST(Feed, IsRefusedBeforeTheHandshakeWhenItsUserOpensTooMany) {
    FeedWorld world;
    const auto alice = world.person("alice");
    world.rate_limits().set(Limiter::feeds_per_user, {.per_second = 0.001, .burst = 2});
    FeedClient first = world.live(alice);
    FeedClient second = world.live(alice);
    FeedClient third = world.client();
    const std::string refusal = third.upgrade("/api/v1/feed?token=" + alice.token);
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 429")) << refusal;
    EXPECT_NE(refusal.find("Retry-After: "), std::string::npos);
    const std::string body = third.read_to_end();
    EXPECT_NE(body.find("feeds_per_user"), std::string::npos) << body;
    const auto bob = world.person("bob");
    (void)world.live(bob);
}

TEST(Feed, ClosesWith4401WhenAnotherUsersTokenRenewsIt) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    FeedClient feed = world.live(alice);
    feed.send({{"type", "auth"}, {"token", bob.token}});
    EXPECT_EQ(feed.read_close_code(), 4401);
}

TEST(Feed, DeliversTheEndOfItsSessionThenClosesWith4401) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto elsewhere = world.log_in(alice.user);
    FeedClient feed = world.live(alice);
    FeedClient other = world.live(elsewhere);
    (void)world.run(
        alice.user,
        stream_of(alice.user),
        AccountCommand(CloseSession{.session = alice.session, .reason = SessionEnd::revoked})
    );
    EXPECT_EQ(feed.read("event").at("event").at("type"), "session.closed");
    EXPECT_EQ(feed.read_close_code(), 4401);
    EXPECT_EQ(other.read("event").at("event").at("type"), "session.closed");
    other.send({{"type", "unknown"}, {"ref", "still here"}});
    EXPECT_EQ(other.read().at("ref"), "still here");
}

TEST(Feed, ClosesWith4403WhatItsUserMayNotSee) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    const std::string hidden = to_text(world.room(bob, Visibility::private_));
    const std::string open = to_text(world.room(bob));
    EXPECT_EQ(world.open(alice, "&scope=all").read_close_code(), 4403);
    EXPECT_EQ(world.open(alice, "&room=" + hidden).read_close_code(), 4403);
    EXPECT_EQ(world.open(alice, "&room=nonsense").read_close_code(), 4403);
    FeedClient chat = world.client();
    chat.upgrade("/ws/chat/" + open + "?token=" + alice.token);
    EXPECT_EQ(chat.read_close_code(), 4403);
}

TEST(Feed, ClosesWith4410WhenTheCursorIsNotOfThisLog) {
    FeedWorld world;
    const auto alice = world.person("alice");
    EXPECT_EQ(world.open(alice, "&after=3").read_close_code(), 4410);
    EXPECT_EQ(world.open(alice, "&after=1&epoch=other").read_close_code(), 4410);
    FeedClient feed = world.open(alice, "&after=2&epoch=" + base32_text(world.log().epoch()));
    EXPECT_EQ(feed.read("caught_up").at("position"), 2);
}

TEST(Feed, ShowsOneRoomOnlyOnItsChatPath) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    const RoomId other = world.room(alice);
    for (const std::string end : {"", "/"}) {
        FeedClient chat = world.client();
        chat.upgrade("/ws/chat/" + to_text(hall) + end + "?token=" + alice.token);
        (void)chat.read("caught_up");
        (void)world.run(alice, other, FeedWorld::saying("elsewhere"));
        (void)world.run(
            alice.user, stream_of(alice.user), AccountCommand(RenameUser{.display_name = end + "A"})
        );
        (void)world.run(alice, hall, FeedWorld::saying("here"));
        EXPECT_EQ(chat.read().at("event").at("data").at("text"), "here");
    }
}

TEST(Feed, AcknowledgesSendsInTheirOrderAndRemembersTheirKeys) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    FeedClient feed = world.live(alice);
    constexpr int count = 200;  // more than may be in flight
    for (int i = 0; i < count; ++i) {
        feed.send(
            {{"type", "send"}, {"ref", i}, {"room_id", to_text(hall)}, {"text", std::to_string(i)}}
        );
    }
    for (int i = 0; i < count; ++i) {
        const auto ack = feed.read("ack");
        EXPECT_EQ(ack.at("ref"), i);
        EXPECT_EQ(ack.at("room_seq"), i + 2);
    }
    const nlohmann::json keyed = {
        {"type", "send"},
        {"ref", "k"},
        {"room_id", to_text(hall)},
        {"text", "once"},
        {"idempotency_key", "key-1"}};
    feed.send(keyed);
    feed.send(keyed);
    const auto first = feed.read("ack");
    EXPECT_EQ(feed.read("ack"), first);
    auto changed = keyed;
    changed["text"] = "twice";
    feed.send(changed);
    EXPECT_EQ(feed.read("problem").at("problem").at("code"), "idempotency_key_reused");
}

TEST(Feed, AnswersWhatIsNoFrameWithAProblemAndStays) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const std::string hall = to_text(world.room(alice));
    FeedClient feed = world.live(alice);
    const auto problem = [&](const std::string& text) {
        feed.send(Opcode::text, text);
        return feed.read("problem").at("problem");
    };
    EXPECT_EQ(problem("").at("code"), "not_json");
    EXPECT_EQ(problem("{").at("code"), "not_json");
    EXPECT_EQ(problem("[]").at("code"), "not_json");
    EXPECT_EQ(problem("{}").at("field"), "type");
    EXPECT_EQ(problem(R"({"type":"dance"})").at("field"), "type");
    EXPECT_EQ(problem(R"({"type":"send","ref":{}})").at("field"), "ref");
    EXPECT_EQ(problem(R"({"type":"send","room_id":"x"})").at("field"), "room_id");
    EXPECT_EQ(problem(R"({"type":"send","room_id":")" + hall + "\"}").at("field"), "text");
    EXPECT_EQ(
        problem(R"({"type":"send","text":"a","attachment":{},"room_id":")" + hall + "\"}")
            .at("field"),
        "attachment"
    );
    EXPECT_EQ(
        problem(R"({"type":"send","text":"a","idempotency_key":"","room_id":")" + hall + "\"}")
            .at("field"),
        "idempotency_key"
    );
    EXPECT_EQ(problem(R"({"type":"read","room_id":")" + hall + "\"}").at("field"), "up_to");
    EXPECT_EQ(
        problem(R"({"type":"read","up_to":99,"room_id":")" + hall + "\"}").at("code"),
        "read_marker_is_beyond_room"
    );
}

TEST(Feed, TakesAFrameInFragmentsWithAPingBetween) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient feed = world.live(alice);
    // Unmasked payloads of a zero mask: {"type" | ping | :"x","ref":7}
    const std::string zero(4, '\0');
    feed.send_raw(std::string("\x01\x87", 2) + zero + R"({"type")");
    feed.send_raw(std::string("\x89\x82", 2) + zero + "hi");
    feed.send_raw(std::string("\x80\x8d", 2) + zero + R"(:"x","ref":7})");
    const auto pong = feed.read_frame();
    ASSERT_TRUE(pong.has_value());
    EXPECT_EQ(pong->opcode, Opcode::pong);
    EXPECT_EQ(pong->payload, "hi");
    EXPECT_EQ(feed.read("problem").at("ref"), 7);
}

TEST(Feed, ClosesWith1003For1007And1009ForWhatIsNoText) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient binary = world.live(alice);
    binary.send(Opcode::binary, "{}");
    EXPECT_EQ(binary.read_close_code(), 1003);
    FeedClient latin = world.live(alice);
    latin.send(Opcode::text, "\"\xe4\"");
    EXPECT_EQ(latin.read_close_code(), 1007);
    FeedClient large = world.live(alice);
    large.send(Opcode::text, std::string(limits::feed_frame_bytes_max + 1, ' '));
    EXPECT_EQ(large.read_close_code(), 1009);
    FeedClient largest = world.live(alice);
    largest.send(Opcode::text, std::string(limits::feed_frame_bytes_max, ' '));
    EXPECT_EQ(largest.read("problem").at("problem").at("code"), "not_json");
}

TEST(Feed, AnswersAClosingClient) {
    FeedWorld world;
    FeedClient feed = world.live(world.person("alice"));
    feed.send(Opcode::close, "\x03\xe8");
    EXPECT_EQ(feed.read_close_code(), 1000);
    EXPECT_FALSE(feed.read_frame().has_value());
}

TEST(Feed, TellsTypingToTheOthersAndNotToTheLog) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    const auto carol = world.person("carol");
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    FeedClient outside = world.live(carol);
    const Position before = world.log().head();
    hers.send({{"type", "typing"}, {"room_id", to_text(hall)}, {"typing", true}});
    const nlohmann::json expected = {
        {"type", "typing"},
        {"room_id", to_text(hall)},
        {"user_id", to_text(alice.user)},
        {"typing", true}};
    EXPECT_EQ(his.read(), expected);
    outside.send({{"type", "typing"}, {"ref", 1}, {"room_id", to_text(hall)}, {"typing", true}});
    EXPECT_EQ(outside.read("problem").at("problem").at("code"), "actor_is_not_member");
    world.server().typing(hall, bob.user, true);
    EXPECT_EQ(hers.read().at("typing"), true);
    world.server().typing(hall, bob.user, false);
    EXPECT_EQ(hers.read().at("typing"), false);
    EXPECT_EQ(world.log().head(), before);
}

TEST(Feed, TellsReadingToItsOwnFeedsAndReceiptsToTheOthers) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    const RoomId hall = world.room(alice);
    (void)world.run(bob, hall, JoinRoom{});
    FeedClient hers = world.live(alice);
    FeedClient his = world.live(bob);
    his.send({{"type", "read"}, {"ref", 1}, {"room_id", to_text(hall)}, {"up_to", 2}});
    const auto first = his.read();
    const auto second = his.read();
    const auto& ack = first.at("type") == "ack" ? first : second;
    const auto& event = first.at("type") == "ack" ? second : first;
    EXPECT_TRUE(ack.at("room_seq").is_null());
    EXPECT_EQ(event.at("event").at("type"), "room.read");
    const nlohmann::json receipt = {
        {"type", "receipt"},
        {"room_id", to_text(hall)},
        {"user_id", to_text(bob.user)},
        {"up_to", 2}};
    EXPECT_EQ(hers.read(), receipt);
}

TEST(Feed, EndsWhoMissesTwoPongsAndKeepsWhoAnswers) {
    feed::FeedOptions options;
    options.heartbeat = std::chrono::milliseconds(200);
    options.sweep = std::chrono::milliseconds(20);
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    FeedClient silent = world.live(alice);
    FeedClient answering = world.live(alice);
    for (int i = 0; i < 6; ++i) {
        const auto ping = answering.read_frame();
        ASSERT_TRUE(ping.has_value());
        ASSERT_EQ(ping->opcode, Opcode::ping);
        answering.send(Opcode::pong, ping->payload);
    }
    int pings = 0;
    while (const auto frame = silent.read_frame()) pings += frame->opcode == Opcode::ping;
    EXPECT_EQ(pings, 2);
}

TEST(Feed, ClosesWith1001WhenTheNodeDrainsAfterEverythingWasDelivered) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    FeedClient feed = world.live(alice);
    for (int i = 0; i < 100; ++i) (void)world.run(alice, hall, FeedWorld::saying("last words"));
    world.server().stop_accepting();
    auto drained = std::async(std::launch::async, [&] {
        return world.server().drain(std::chrono::seconds(30));
    });
    for (int i = 0; i < 100; ++i) (void)feed.read("event");
    EXPECT_EQ(feed.read_close_code(), 1001);
    { const FeedClient gone = std::move(feed); }
    EXPECT_TRUE(drained.get());
    EXPECT_EQ(world.server().figures().sessions, 0u);
}

}  // namespace
}  // namespace verbatim::testing
