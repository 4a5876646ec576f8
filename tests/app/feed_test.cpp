#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

class LiveFeed : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");

    static WsClient open(const std::string& target, const std::string& subprotocols = {}) {
        return WsClient(
            {.port = server().feed_port(),
             .target = target,
             .token = {},
             .subprotocols = subprotocols}
        );
    }
    static json next_event(WsClient& feed) {
        const auto frame = feed.read_until("event");
        EXPECT_TRUE(frame.has_value());
        return frame ? frame->at("event") : json();
    }
};

TEST_F(LiveFeed, BeginsWithAWelcomeAndIsCaughtUp) {
    WsClient feed = alice.feed();
    const auto welcome = feed.read();
    ASSERT_TRUE(welcome.has_value());
    EXPECT_EQ(welcome->at("type"), "welcome");
    EXPECT_EQ(welcome->at("user_id"), alice.id());
    EXPECT_EQ(welcome->at("heartbeat_seconds"), 30);
    EXPECT_FALSE(welcome->at("epoch").get<std::string>().empty());
    const auto caught_up = feed.read();
    ASSERT_TRUE(caught_up.has_value());
    EXPECT_EQ(caught_up->at("type"), "caught_up");
    EXPECT_GE(caught_up->at("position"), welcome->at("position"));
}

TEST_F(LiveFeed, TellsWhatIsPostedInTheEnvelopeOfTheContract) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    WsClient feed = bob.live_feed();
    const json body = {{"text", "live 🎉"}, {"metadata", {{"n", 1}}}};
    const HttpAnswer sent = alice.post(messages_of(room), body);
    const json event = next_event(feed);
    EXPECT_EQ(event.at("position"), sent.position());
    EXPECT_EQ(event.at("room_id"), room);
    EXPECT_EQ(event.at("room_seq"), sent.room_seq());
    EXPECT_EQ(event.at("type"), "message.sent");
    EXPECT_EQ(event.at("schema"), 2);
    EXPECT_EQ(event.at("at"), sent.json().at("sent_at"));
    EXPECT_EQ(event.at("actor_id"), alice.id());
    EXPECT_TRUE(event.at("command_id").is_string());
    EXPECT_FALSE(event.contains("occurred_at"));
    const json data = {
        {"kind", "text"},
        {"text", "live 🎉"},
        {"metadata", {{"n", 1}}},
        {"attachments", json::array()},
        {"reply_to", nullptr},
        {"mentions", json::array()}};
    EXPECT_EQ(event.at("data"), data);
}

TEST_F(LiveFeed, TakesItsTokenFromTheQueryAndFromSubprotocols) {
    EXPECT_EQ(open("/api/v1/feed?token=" + bob.token()).read()->at("user_id"), bob.id());
    EXPECT_EQ(open("/api/v1/feed", "bearer, " + bob.token()).read()->at("user_id"), bob.id());
}

TEST_F(LiveFeed, CompletesTheHandshakeOfABadTokenAndClosesWith4401) {
    for (const char* target : {"/api/v1/feed", "/api/v1/feed?token=nonsense"}) {
        WsClient feed = open(target);
        EXPECT_TRUE(feed.is_open());
        EXPECT_EQ(feed.close_code(), 4401u);
    }
    EXPECT_EQ(open("/no/such/path").handshake_status(), 404);
}

TEST_F(LiveFeed, OfOneRoomIsAlsoFoundAtTheChatPath) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const std::string other = alice.create_room({{"members", {bob.id()}}});
    for (const char* end : {"", "/"}) {
        WsClient feed = open("/ws/chat/" + room + end + "?token=" + bob.token());
        ASSERT_TRUE(feed.read_until("caught_up").has_value());
        alice.say(other, "elsewhere");
        const auto seq = alice.say(room, "here");
        EXPECT_EQ(next_event(feed).at("room_seq"), seq);
    }
    EXPECT_EQ(open("/ws/chat/" + room + "?token=" + person("carol").token()).close_code(), 4403u);
}

TEST_F(LiveFeed, IsNarrowedToTheRoomsThatAreNamed) {
    const std::string one = alice.create_room({{"members", {bob.id()}}});
    const std::string two = alice.create_room({{"members", {bob.id()}}});
    const std::string other = alice.create_room({{"members", {bob.id()}}});
    WsClient feed = bob.live_feed("room=" + one + "&room=" + two);
    alice.say(other, "not asked for");
    const auto first = alice.say(two, "asked for");
    EXPECT_EQ(next_event(feed).at("room_seq"), first);
    alice.say(other, "not asked for");
    alice.say(one, "asked for");
    EXPECT_EQ(next_event(feed).at("room_id"), one);
    const std::string hidden = alice.create_room({{"visibility", "private"}});
    EXPECT_EQ(bob.feed("room=" + hidden).close_code(), 4403u);
    EXPECT_EQ(bob.feed("scope=all").close_code(), 4403u) << "auditors only";
}

TEST_F(LiveFeed, SendsAndIsAcknowledgedWithTheReceipt) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    WsClient feed = bob.live_feed();
    feed.send(
        {{"type", "send"},
         {"ref", "r-1"},
         {"room_id", room},
         {"text", "from the feed"},
         {"idempotency_key", "feed-1"}}
    );
    const auto ack = feed.read_until("ack");
    ASSERT_TRUE(ack.has_value());
    EXPECT_EQ(ack->at("ref"), "r-1");
    const auto seq = ack->at("room_seq").get<std::uint64_t>();
    const json message = alice.get(messages_of(room) + "/" + std::to_string(seq)).json();
    EXPECT_EQ(message.at("text"), "from the feed");
    EXPECT_EQ(message.at("position"), ack->at("position"));

    feed.send(
        {{"type", "send"},
         {"ref", 2},
         {"room_id", room},
         {"text", "from the feed"},
         {"idempotency_key", "feed-1"}}
    );
    const auto again = feed.read_until("ack");
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->at("ref"), 2);
    EXPECT_EQ(again->at("room_seq"), seq);
    EXPECT_EQ(alice.get(messages_of(room)).json().at("items").size(), 1u);
}

TEST_F(LiveFeed, AnswersWhatItCannotDoWithAProblemAndStays) {
    const std::string room = alice.create_room();
    WsClient feed = bob.live_feed();
    const std::pair<std::string, std::string> refused[] = {
        {"no JSON", "not_json"},
        {"[]", "not_json"},
        {R"({"type":"dance","ref":"x"})", "invalid_field"},
        {json({{"type", "send"}, {"ref", "x"}, {"room_id", room}, {"text", ""}}).dump(),
         "invalid_field"},
        {json({{"type", "send"}, {"ref", "x"}, {"room_id", room}, {"text", "t"}}).dump(),
         "actor_is_not_member"},
    };
    for (const auto& [text, code] : refused) {
        feed.send_text(text);
        const auto answer = feed.read_until("problem");
        ASSERT_TRUE(answer.has_value()) << text;
        EXPECT_EQ(answer->at("problem").at("code"), code) << text;
        const bool has_ref = text.find("\"ref\"") != std::string::npos;
        EXPECT_EQ(answer->value("ref", ""), has_ref ? "x" : "");
    }
    EXPECT_TRUE(feed.is_open());
}

TEST_F(LiveFeed, ClosesOnBinaryOnBrokenUtf8AndOnFramesTooLarge) {
    WsClient binary = bob.live_feed();
    binary.send_binary("bytes");
    EXPECT_EQ(binary.close_code(), 1003u);
    WsClient broken = bob.live_feed();
    broken.send_text("\xff\xfe");
    EXPECT_EQ(broken.close_code(), 1007u);
    WsClient large = bob.live_feed();
    large.send_text(std::string(2 * 1024 * 1024 + 1, ' '));
    EXPECT_EQ(large.close_code(), 1009u);
}

TEST_F(LiveFeed, TellsTheOthersWhoIsTyping) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    WsClient feed = bob.live_feed();
    WsClient own = alice.live_feed();
    own.send({{"type", "typing"}, {"room_id", room}, {"typing", true}});
    const json wanted = {
        {"type", "typing"}, {"room_id", room}, {"user_id", alice.id()}, {"typing", true}};
    EXPECT_EQ(feed.read_until("typing"), wanted);
    EXPECT_EQ(alice.post("/rooms/" + room + "/typing", {{"typing", false}}).status, 202);
    EXPECT_EQ(feed.read_until("typing")->at("typing"), false);
    // Not to whom it is about, and never to the log.
    const auto seq = alice.say(room, "typed");
    EXPECT_EQ(own.read()->at("event").at("room_seq"), seq);
    EXPECT_EQ(seq, 3u) << "created, joined, said";
}

TEST_F(LiveFeed, MarksAsReadAndTellsTheOthers) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = alice.say(room, "read me");
    WsClient others = alice.live_feed();
    WsClient feed = bob.live_feed();
    feed.send({{"type", "read"}, {"ref", "r"}, {"room_id", room}, {"up_to", seq}});
    const json event = next_event(feed);
    EXPECT_EQ(event.at("type"), "room.read");
    EXPECT_EQ(event.at("room_id"), room);
    EXPECT_TRUE(event.at("room_seq").is_null());
    EXPECT_EQ(event.at("data"), json({{"up_to", seq}}));
    const json receipt = {
        {"type", "receipt"}, {"room_id", room}, {"user_id", bob.id()}, {"up_to", seq}};
    EXPECT_EQ(others.read_until("receipt"), receipt);
    EXPECT_EQ(bob.get("/rooms/" + room).json().at("my").at("unread_count"), 0);
}

TEST_F(LiveFeed, FollowsMembershipFromJoiningToLeavingInclusive) {
    const std::string room = alice.create_room();
    WsClient feed = bob.live_feed();
    alice.say(room, "before");
    ASSERT_EQ(join(bob, room).status, 200);
    alice.say(room, "during");
    ASSERT_EQ(alice.del(member_path(room, bob)).status, 204);
    alice.say(room, "after");
    ASSERT_EQ(alice.put("/rooms/" + room + "/invites/" + bob.id()).status, 200);
    std::vector<std::string> types;
    while (types.empty() || types.back() != "member.invited")
        types.push_back(next_event(feed).value("type", ""));
    EXPECT_EQ(
        types,
        (std::vector<std::string>{
            "member.joined", "message.sent", "member.removed", "member.invited"})
    );
}

TEST_F(LiveFeed, TellsAUserOfTheirOwnAccountAndNobodyElse) {
    WsClient feed = bob.live_feed();
    WsClient other = alice.live_feed();
    ASSERT_EQ(bob.log_in().status, 201);
    EXPECT_EQ(next_event(feed).at("type"), "session.opened");
    ASSERT_EQ(bob.patch("/users/me", {{"display_name", "Bobby"}}).status, 200);
    const json renamed = next_event(feed);
    EXPECT_EQ(renamed.at("type"), "user.renamed");
    EXPECT_EQ(renamed.at("data"), json({{"display_name", "Bobby"}}));
    const std::string room = alice.create_room();
    EXPECT_EQ(next_event(other).at("room_id"), room) << "the first that alice may see";
}

TEST_F(LiveFeed, IsRenewedWithAnotherTokenAndClosedWithABadOne) {
    Person dora = stranger();
    WsClient feed = dora.live_feed();
    const json other = dora.log_in().json();
    EXPECT_EQ(next_event(feed).at("type"), "session.opened");
    feed.send({{"type", "auth"}, {"token", other.at("access_token")}});
    // The session that it began with may end now.
    feed.send({{"type", "typing"}});
    ASSERT_TRUE(feed.read_until("problem").has_value()) << "frames are taken in order";
    ASSERT_EQ(dora.del("/sessions/current").status, 204);
    EXPECT_EQ(next_event(feed).at("type"), "session.closed");
    EXPECT_TRUE(feed.is_open());
    feed.send({{"type", "auth"}, {"token", bob.token()}});
    EXPECT_EQ(feed.close_code(), 4401u) << "somebody else's token renews nothing";
}

}  // namespace

}  // namespace verbatim::testing
