#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

Headers keyed(const std::string& key) {
    return {{"Idempotency-Key", key}};
}

class Idempotency : public ServerTest {
protected:
    Person& alice = person("alice");
};

TEST_F(Idempotency, GivesTheFirstSuccessAgainForTheSameRequest) {
    const std::string room = alice.create_room();
    const json text = {{"text", "once"}};
    const HttpAnswer first = alice.post(messages_of(room), text, keyed("send-1"));
    ASSERT_EQ(first.status, 201);
    EXPECT_EQ(first.header("idempotency-replayed"), "");
    ASSERT_EQ(
        alice
            .patch(messages_of(room) + "/" + std::to_string(first.room_seq()), {{"text", "edited"}})
            .status,
        200
    );
    const HttpAnswer again = alice.post(messages_of(room), text, keyed("send-1"));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    EXPECT_EQ(again.position(), first.position());
    EXPECT_EQ(again.room_seq(), first.room_seq());
    EXPECT_EQ(again.json().at("text"), "edited") << "its body as the state now reads";
    EXPECT_EQ(alice.get(messages_of(room)).json().at("items").size(), 1u);
}

TEST_F(Idempotency, RefusesAKeyThatCameWithAnotherRequest) {
    const std::string room = alice.create_room();
    const std::string other = alice.create_room();
    ASSERT_EQ(alice.post(messages_of(room), {{"text", "a"}}, keyed("reuse")).status, 201);
    EXPECT_TRUE(is_problem(
        alice.post(messages_of(room), {{"text", "b"}}, keyed("reuse")),
        422,
        "idempotency_key_reused"
    ));
    EXPECT_TRUE(is_problem(
        alice.post(messages_of(other), {{"text", "a"}}, keyed("reuse")),
        422,
        "idempotency_key_reused"
    ));
    EXPECT_TRUE(is_problem(
        alice.post("/rooms", {{"name", "a"}}, keyed("reuse")), 422, "idempotency_key_reused"
    ));
    EXPECT_TRUE(
        is_problem(alice.del("/rooms/" + room, keyed("reuse")), 422, "idempotency_key_reused")
    );
}

TEST_F(Idempotency, IsEachUsersOwn) {
    Person& bob = person("bob");
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const json text = {{"text", "from both"}};
    const HttpAnswer from_alice = alice.post(messages_of(room), text, keyed("shared"));
    const HttpAnswer from_bob = bob.post(messages_of(room), text, keyed("shared"));
    EXPECT_EQ(from_bob.status, 201);
    EXPECT_EQ(from_bob.header("idempotency-replayed"), "");
    EXPECT_NE(from_bob.room_seq(), from_alice.room_seq());
}

TEST_F(Idempotency, DoesNotRememberRefusals) {
    const std::string room =
        alice.create_room({{"max_members", 2}, {"members", {person("bob").id()}}});
    Person& carol = person("carol");
    const std::string join_path = "/rooms/" + room + "/join";
    EXPECT_EQ(carol.post(join_path, nullptr, keyed("join")).status, 409);
    EXPECT_EQ(alice.patch("/rooms/" + room, {{"max_members", 3}}).status, 200);
    const HttpAnswer joined = carol.post(join_path, nullptr, keyed("join"));
    EXPECT_EQ(joined.status, 200);
    EXPECT_EQ(joined.header("idempotency-replayed"), "");
}

TEST_F(Idempotency, RemembersWhatNeededNoEvent) {
    const std::string room = alice.create_room();
    const std::string join_path = "/rooms/" + room + "/join";
    const HttpAnswer first = alice.post(join_path, nullptr, keyed("already-in"));
    ASSERT_EQ(first.status, 200);
    alice.say(room, "the room moves on");
    const HttpAnswer again = alice.post(join_path, nullptr, keyed("already-in"));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    EXPECT_EQ(again.position(), first.position());
    EXPECT_EQ(again.room_seq(), first.room_seq());
}

TEST_F(Idempotency, RefusesKeysThatAreNone) {
    const json room = {{"name", "x"}};
    EXPECT_TRUE(is_invalid(alice.post("/rooms", room, keyed("")), "Idempotency-Key"));
    EXPECT_TRUE(is_invalid(alice.post("/rooms", room, keyed("two words")), "Idempotency-Key"));
    EXPECT_TRUE(
        is_invalid(alice.post("/rooms", room, keyed(std::string(129, 'k'))), "Idempotency-Key")
    );
    EXPECT_EQ(alice.post("/rooms", room, keyed(std::string(128, 'k'))).status, 201);
}

TEST_F(Idempotency, HoldsForEveryKindOfCommand) {
    Person bob = stranger();
    const std::string room = alice.create_room();
    const std::string path = "/rooms/" + room;
    const auto seq = std::to_string(alice.say(room, "x"));
    int keys = 0;
    const auto twice = [&](const std::string& method, const std::string& target, const json& body) {
        const std::string text = body.is_null() ? "" : body.dump();
        const std::string key = method + std::to_string(++keys);
        const HttpAnswer first = alice.ask(method, target, keyed(key), text);
        const HttpAnswer again = alice.ask(method, target, keyed(key), text);
        EXPECT_LT(first.status, 300) << key << first.body;
        EXPECT_EQ(again.status, first.status) << key << again.body;
        EXPECT_EQ(again.position(), first.position()) << key;
        EXPECT_EQ(again.room_seq(), first.room_seq()) << key;
        EXPECT_EQ(again.header("idempotency-replayed"), "true") << key;
    };
    twice("PATCH", "/users/me", {{"display_name", "Alice"}});
    twice("POST", "/rooms", {{"name", "keyed"}});
    twice("POST", "/rooms", {{"kind", "direct"}, {"members", {bob.id()}}});
    twice("PATCH", path + "/messages/" + seq, {{"text", "y"}});
    twice("PUT", path + "/read", {{"up_to", 1}});
    twice("DELETE", path + "/messages/" + seq, nullptr);
    twice("PUT", member_path(room, bob), {{"role", "member"}});
    twice("PATCH", path, {{"description", "d"}});
    twice("DELETE", member_path(room, bob), nullptr);
    twice("PUT", path + "/invites/" + bob.id(), nullptr);
    twice("DELETE", path + "/invites/" + bob.id(), nullptr);
    twice("PUT", path + "/bans/" + bob.id(), json::object());
    twice("DELETE", path + "/bans/" + bob.id(), nullptr);
    twice("POST", path + "/leave", nullptr);
}

TEST_F(Idempotency, KnowsARequestAgainHoweverItsJsonIsSpelled) {
    const std::string room = alice.create_room();
    const std::string path = messages_of(room);
    const HttpAnswer first =
        alice.ask("POST", path, keyed("spelling"), R"({"text":"x","kind":"action"})");
    const HttpAnswer again =
        alice.ask("POST", path, keyed("spelling"), R"({ "kind": "action", "text": "\u0078" })");
    EXPECT_EQ(again.header("idempotency-replayed"), "true") << again.body;
    EXPECT_EQ(again.position(), first.position());
}

TEST_F(Idempotency, KnowsThroughTheFeedWhatCameThroughRest) {
    const std::string room = alice.create_room();
    const json text = {{"text", "through either door"}, {"metadata", {{"n", 1}}}};
    const HttpAnswer sent = alice.post(messages_of(room), text, keyed("door-1"));
    const HttpAnswer read = alice.put("/rooms/" + room + "/read", {{"up_to", 2}}, keyed("door-2"));
    WsClient feed = alice.live_feed();
    json frame = text;
    frame.update({{"type", "send"}, {"ref", 1}, {"room_id", room}, {"idempotency_key", "door-1"}});
    feed.send(frame);
    const auto ack = feed.read_until("ack");
    EXPECT_EQ(ack->at("position"), sent.position());
    EXPECT_EQ(ack->at("room_seq"), sent.room_seq());
    frame = {{"type", "read"}, {"ref", 2}, {"room_id", room}, {"up_to", 2}};
    frame["idempotency_key"] = "door-2";
    feed.send(frame);
    EXPECT_EQ(feed.read_until("ack")->at("position"), read.position());
    frame["up_to"] = 1;
    feed.send(frame);
    const auto reused = feed.read_until("problem");
    EXPECT_EQ(reused->at("problem").at("code"), "idempotency_key_reused");
}

TEST_F(Idempotency, KnowsThroughRestWhatCameThroughTheFeed) {
    const std::string room = alice.create_room();
    WsClient feed = alice.live_feed();
    feed.send(
        {{"type", "send"},
         {"ref", 1},
         {"room_id", room},
         {"text", "through either door"},
         {"idempotency_key", "door-3"}}
    );
    const auto sent = feed.read_until("ack");
    feed.send(
        {{"type", "read"},
         {"ref", 2},
         {"room_id", room},
         {"up_to", 2},
         {"idempotency_key", "door-4"}}
    );
    const auto read = feed.read_until("ack");
    const HttpAnswer sent_again =
        alice.post(messages_of(room), {{"text", "through either door"}}, keyed("door-3"));
    EXPECT_EQ(sent_again.status, 201) << sent_again.body;
    EXPECT_EQ(sent_again.header("idempotency-replayed"), "true");
    EXPECT_EQ(sent_again.position(), sent->at("position"));
    EXPECT_EQ(alice.get(messages_of(room)).json().at("items").size(), 1u);
    const HttpAnswer read_again =
        alice.put("/rooms/" + room + "/read", {{"up_to", 2}}, keyed("door-4"));
    EXPECT_EQ(read_again.status, 200) << read_again.body;
    EXPECT_EQ(read_again.header("idempotency-replayed"), "true");
    EXPECT_EQ(read_again.position(), read->at("position"));
    EXPECT_TRUE(is_problem(
        alice.post(messages_of(room), {{"text", "another"}}, keyed("door-3")),
        422,
        "idempotency_key_reused"
    ));
}

TEST_F(Idempotency, OutlivesAServerThatWasKilled) {
    const std::string room = alice.create_room();
    const json text = {{"text", "before the kill"}};
    const HttpAnswer first = alice.post(messages_of(room), text, keyed("survivor"));
    const HttpAnswer made = alice.post("/rooms", {{"name", "kept"}}, keyed("room-survivor"));
    const HttpAnswer idle = alice.post("/rooms/" + room + "/join", nullptr, keyed("idle-survivor"));
    ASSERT_EQ(first.status, 201);
    server().kill9();
    server().start();
    const HttpAnswer again = alice.post(messages_of(room), text, keyed("survivor"));
    EXPECT_EQ(again.status, 201) << again.body;
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    EXPECT_EQ(again.position(), first.position());
    EXPECT_EQ(again.room_seq(), first.room_seq());
    EXPECT_EQ(alice.get(messages_of(room)).json().at("items").size(), 1u);
    const HttpAnswer made_again = alice.post("/rooms", {{"name", "kept"}}, keyed("room-survivor"));
    EXPECT_EQ(made_again.json().at("room_id"), made.json().at("room_id"));
    const HttpAnswer idle_again =
        alice.post("/rooms/" + room + "/join", nullptr, keyed("idle-survivor"));
    EXPECT_EQ(idle_again.header("idempotency-replayed"), "true");
    EXPECT_EQ(idle_again.position(), idle.position());
    EXPECT_TRUE(is_problem(
        alice.post(messages_of(room), {{"text", "other"}}, keyed("survivor")),
        422,
        "idempotency_key_reused"
    ));
}

}  // namespace

}  // namespace verbatim::testing
