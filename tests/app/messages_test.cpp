#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>
#include <numeric>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using Seqs = std::vector<std::uint64_t>;

class Messages : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");

    static Seqs seqs_of(const json& page) {
        Seqs seqs;
        for (const json& message : page.at("items")) seqs.push_back(message.at("seq"));
        return seqs;
    }
    static std::uint64_t unread_of(Person& who, const std::string& room) {
        return who.get("/rooms/" + room).json().at("my").at("unread_count");
    }
    static std::string message_path(const std::string& room, std::uint64_t seq) {
        return messages_of(room) + "/" + std::to_string(seq);
    }
    // first, first + 1, … last
    static Seqs range(std::uint64_t first, std::uint64_t last) {
        Seqs seqs(last - first + 1);
        std::iota(seqs.begin(), seqs.end(), first);
        return seqs;
    }
};

TEST_F(Messages, AreAnsweredAsTheyAreShown) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto first = alice.say(room, "first");
    const json body = {
        {"text", "@bob: 你好, \"quoted\" \\ 🎉\nsecond line"},
        {"kind", "notice"},
        {"metadata", {{"a", {1, 2.5, nullptr}}}},
        {"reply_to", first}};
    const HttpAnswer sent = alice.post(messages_of(room), body);
    ASSERT_EQ(sent.status, 201) << sent.body;
    json message = sent.json();
    const json wanted = {
        {"room_id", room},
        {"seq", sent.room_seq()},
        {"position", sent.position()},
        {"kind", "notice"},
        {"sender_id", alice.id()},
        {"text", body.at("text")},
        {"metadata", body.at("metadata")},
        {"attachments", json::array()},
        {"reply_to", first},
        {"reply_count", 0},
        {"mentions", {bob.id()}},
        {"reactions", json::array()},
        {"edited_at", nullptr},
        {"deleted_at", nullptr}};
    for (const auto& [name, value] : wanted.items()) EXPECT_EQ(message.at(name), value) << name;
    EXPECT_EQ(message.at("receipt").at("position"), sent.position());
    EXPECT_EQ(message.at("receipt").at("room_seq"), sent.room_seq());

    message.erase("receipt");
    EXPECT_EQ(bob.get(message_path(room, sent.room_seq())).json(), message);
    EXPECT_EQ(bob.get(messages_of(room)).json().at("items").back(), message);
    EXPECT_EQ(bob.get("/rooms/" + room).json().at("last_message"), message);
    EXPECT_EQ(bob.get(message_path(room, first)).json().at("reply_count"), 1);
}

TEST_F(Messages, AreRefusedBeyondTheBoundsNamingTheMember) {
    const std::string room = alice.create_room();
    const std::pair<json, std::string> refused[] = {
        {json::object(), "text"},
        {{{"text", ""}}, "text"},
        {{{"text", nullptr}}, "text"},
        {{{"text", std::string(20001, 't')}}, "text"},
        {{{"text", 5}}, "text"},
        {{{"text", std::string("nul\0", 4)}}, "text"},
        {{{"text", "x"}, {"kind", "shout"}}, "kind"},
        {{{"text", "x"}, {"metadata", "m"}}, "metadata"},
        {{{"text", "x"}, {"metadata", {{"m", std::string(4096, 'm')}}}}, "metadata"},
        {{{"text", "x"}, {"reply_to", "1"}}, "reply_to"},
        {{{"text", "x"}, {"reply_to", 0}}, "reply_to"},
        {{{"text", "x"}, {"attachments", {"nope"}}}, "attachments"},
    };
    for (const auto& [body, field] : refused)
        EXPECT_TRUE(is_invalid(alice.post(messages_of(room), body), field));
    const json no_target = {{"text", "x"}, {"reply_to", 1}};
    EXPECT_TRUE(is_problem(alice.post(messages_of(room), no_target), 404, "reply_target_not_found")
    );
    std::string longest;
    for (int i = 0; i < 20000; ++i) longest += "字";
    EXPECT_EQ(alice.post(messages_of(room), {{"text", longest}}).status, 201);
}

TEST_F(Messages, AreForMembersOnly) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "hello");
    EXPECT_TRUE(is_problem(bob.post(messages_of(room), {{"text", "x"}}), 403, "actor_is_not_member")
    );
    EXPECT_TRUE(is_problem(bob.get(messages_of(room)), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(bob.get(message_path(room, seq)), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(alice.get(message_path(room, 1)), 404, "message_not_found"))
        << "seq 1 is an event, but no message";
    EXPECT_TRUE(is_problem(alice.get(message_path(room, 999)), 404, "message_not_found"));
    EXPECT_TRUE(is_problem(alice.get(messages_of(room) + "/first"), 404, "message_not_found"));
}

TEST_F(Messages, AreWalkedBackFromTheNewestAndForwardFromACursor) {
    const std::string room = alice.create_room();
    std::uint64_t last = 0;
    for (int i = 0; i < 12; ++i) last = alice.say(room, "message " + std::to_string(i));
    const std::uint64_t first = last - 11;
    const std::string list = messages_of(room);
    const json newest = alice.get(list + "?limit=5").json();
    EXPECT_EQ(seqs_of(newest), range(last - 4, last)) << "ascending";
    const json older = alice.get(newest.at("next").get<std::string>()).json();
    EXPECT_EQ(seqs_of(older), range(last - 9, last - 5));
    const json oldest = alice.get(older.at("next").get<std::string>()).json();
    EXPECT_EQ(seqs_of(oldest), range(first, first + 1));
    EXPECT_TRUE(oldest.at("next").is_null());

    const auto at = [&](const std::string& cursor, std::uint64_t seq) {
        return alice.get(list + "?" + cursor + "=" + std::to_string(seq) + "&limit=4").json();
    };
    EXPECT_EQ(seqs_of(at("before", last)), range(last - 4, last - 1)) << "exclusive";
    const json later = at("after", last - 6);
    EXPECT_EQ(seqs_of(later), range(last - 5, last - 2)) << "exclusive";
    const json rest = alice.get(later.at("next").get<std::string>()).json();
    EXPECT_EQ(seqs_of(rest), range(last - 1, last));
    EXPECT_TRUE(rest.at("next").is_null());
    const Seqs around = seqs_of(at("around", last - 5));
    EXPECT_EQ(around.size(), 4u);
    EXPECT_THAT(around, ::testing::Contains(last - 5));
    EXPECT_EQ(seqs_of(at("after", last)), Seqs());
    EXPECT_EQ(alice.get(list + "?before=3&after=1").status, 422);
    EXPECT_EQ(newest.at("my_reactions"), json::object());
}

TEST_F(Messages, AreEditedByTheirSenderOnly) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = bob.say(room, "teh");
    const std::string path = message_path(room, seq);
    EXPECT_TRUE(is_problem(alice.patch(path, {{"text", "the"}}), 403, "actor_is_not_sender"));
    const HttpAnswer edited = bob.patch(path, {{"text", "the, @alice"}});
    ASSERT_EQ(edited.status, 200) << edited.body;
    const json message = edited.json();
    EXPECT_EQ(message.at("text"), "the, @alice");
    EXPECT_EQ(message.at("mentions"), json({alice.id()}));
    EXPECT_EQ(message.at("seq"), seq) << "of its message.sent";
    EXPECT_LT(message.at("position"), edited.position());
    EXPECT_TRUE(message.at("edited_at").is_string());
    EXPECT_EQ(edited.room_seq(), seq + 1);
    EXPECT_TRUE(is_invalid(bob.patch(path, {{"text", ""}}), "text"));
    EXPECT_TRUE(
        is_problem(bob.patch(message_path(room, 999), {{"text", "x"}}), 404, "message_not_found")
    );
}

TEST_F(Messages, AreDeletedByTheirSenderAndByOwnersAndShowNoText) {
    Person& carol = person("carol");
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    const json body = {{"text", "mine @alice"}, {"metadata", {{"k", 1}}}};
    const auto own = bob.post(messages_of(room), body).room_seq();
    const auto other = bob.say(room, "also mine");
    EXPECT_TRUE(is_problem(carol.del(message_path(room, own)), 403, "actor_may_not_delete_message")
    );
    const HttpAnswer deleted = bob.del(message_path(room, own));
    EXPECT_EQ(deleted.status, 204);
    EXPECT_EQ(deleted.room_seq(), other + 1);
    EXPECT_EQ(alice.del(message_path(room, other)).status, 204);
    EXPECT_EQ(bob.del(message_path(room, own)).status, 204) << "already so";

    const json shown = alice.get(message_path(room, own)).json();
    EXPECT_TRUE(shown.at("text").is_null());
    EXPECT_TRUE(shown.at("metadata").is_null());
    EXPECT_EQ(shown.at("mentions"), json::array());
    EXPECT_TRUE(shown.at("deleted_at").is_string());
    EXPECT_EQ(alice.get(messages_of(room)).json().at("items").size(), 2u);
    EXPECT_TRUE(
        is_problem(bob.patch(message_path(room, own), {{"text", "x"}}), 409, "message_is_deleted")
    );
}

TEST_F(Messages, OfRoomsThatShowHistorySinceJoiningAreSeenFromThenOn) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    const auto before = alice.say(room, "before bob");
    ASSERT_EQ(join(bob, room).status, 200);
    const auto during = alice.say(room, "with bob");
    ASSERT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    const auto between = alice.say(room, "without bob");
    ASSERT_EQ(join(bob, room).status, 200);
    const auto after = alice.say(room, "with bob again");

    EXPECT_EQ(seqs_of(bob.get(messages_of(room)).json()), (Seqs{during, after}));
    EXPECT_EQ(seqs_of(bob.get(messages_of(room) + "?after=1").json()), (Seqs{during, after}));
    EXPECT_EQ(bob.get(message_path(room, during)).status, 200);
    EXPECT_TRUE(is_problem(bob.get(message_path(room, before)), 403, "not_a_member_then"));
    EXPECT_TRUE(is_problem(bob.get(message_path(room, between)), 403, "not_a_member_then"));
    // Who has read it from the beginning sees it all.
    EXPECT_EQ(seqs_of(alice.get(messages_of(room)).json()), (Seqs{before, during, between, after}));
}

TEST_F(Messages, AreUnreadUntilTheMarkerPassesThem) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto first = alice.say(room, "one");
    const auto second = alice.say(room, "two");
    const auto third = alice.say(room, "three");
    EXPECT_EQ(unread_of(bob, room), 3u);
    EXPECT_EQ(unread_of(alice, room), 0u) << "sending moves the sender's marker";

    const std::string read = "/rooms/" + room + "/read";
    const HttpAnswer marked = bob.put(read, {{"up_to", second}});
    ASSERT_EQ(marked.status, 200) << marked.body;
    EXPECT_EQ(marked.json().at("up_to"), second);
    EXPECT_GT(marked.position(), 0u);
    EXPECT_EQ(unread_of(bob, room), 1u);
    EXPECT_EQ(bob.put(read, {{"up_to", first}}).json().at("up_to"), second) << "only forward";
    EXPECT_EQ(unread_of(bob, room), 1u);
    EXPECT_EQ(alice.del(message_path(room, third)).status, 204);
    EXPECT_EQ(unread_of(bob, room), 0u) << "live messages only";
    const HttpAnswer beyond = bob.put(read, {{"up_to", 1000}});
    EXPECT_TRUE(is_problem(beyond, 422, "read_marker_is_beyond_room"));
    EXPECT_EQ(beyond.json().at("field"), "up_to");
    EXPECT_TRUE(is_invalid(bob.put(read, {{"up_to", -1}}), "up_to"));

    bool found = false;
    for (const json& receipt : alice.all_pages("/rooms/" + room + "/receipts?limit=1"))
        found |= receipt.at("user_id") == bob.id() && receipt.at("up_to") == second;
    EXPECT_TRUE(found);
}

// Markers that follow each other closely make one event; each is shown at once, and kept.
TEST_F(Messages, StayReadThroughAKillHoweverCloselyTheirMarkersFollow) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const std::string read = "/rooms/" + room + "/read";
    for (int i = 0; i < 5; ++i) alice.say(room, "one of six");
    const auto last = alice.say(room, "the last");
    for (std::uint64_t up_to = last - 5; up_to <= last; ++up_to) {
        const HttpAnswer marked = bob.put(read, {{"up_to", up_to}});
        ASSERT_EQ(marked.status, 200) << marked.body;
        EXPECT_EQ(marked.json().at("up_to"), up_to);
        EXPECT_EQ(unread_of(bob, room), last - up_to);
    }
    server().kill9();
    server().start();
    EXPECT_EQ(unread_of(bob, room), 0u);
    const json my = bob.get("/rooms/" + room).json().at("my");
    EXPECT_EQ(my.at("read_up_to"), last);
}

}  // namespace

}  // namespace verbatim::testing
