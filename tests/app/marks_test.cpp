#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

// How a client writes them into a path.
constexpr const char* thumb = "%F0%9F%91%8D";                 // 👍
constexpr const char* party = "%F0%9F%8E%89";                 // 🎉
constexpr const char* heart = "%E2%9D%A4%EF%B8%8F";           // ❤️
constexpr const char* plain_heart = "%E2%9D%A4";              // ❤
constexpr const char* keycap_of_one = "1%EF%B8%8F%E2%83%A3";  // 1️⃣

// Reactions, pins, threads and histories.
class Marks : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");
    Person& carol = person("carol");

    static std::string message_path(const std::string& room, std::uint64_t seq) {
        return messages_of(room) + "/" + std::to_string(seq);
    }
    static std::string reaction_path(
        const std::string& room, std::uint64_t seq, const std::string& emoji
    ) {
        return message_path(room, seq) + "/reactions/" + emoji;
    }
    static std::string pin_path(const std::string& room, std::uint64_t seq) {
        return "/rooms/" + room + "/pins/" + std::to_string(seq);
    }
    static json pinned_in(Person& who, const std::string& room) {
        return who.get("/rooms/" + room).json().at("pinned");
    }
    static std::uint64_t reply(Person& who, const std::string& room, std::uint64_t to) {
        const HttpAnswer sent = who.post(messages_of(room), {{"text", "re"}, {"reply_to", to}});
        EXPECT_EQ(sent.status, 201) << sent.body;
        return sent.room_seq();
    }
    static json seqs_of(const json& items) {
        json seqs = json::array();
        for (const json& message : items) seqs.push_back(message.at("seq"));
        return seqs;
    }
};

TEST_F(Marks, ReactionsAreCountedAndOnesOwnAreTold) {
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    const auto first = alice.say(room, "first");
    const auto second = alice.say(room, "second");

    const HttpAnswer added = bob.put(reaction_path(room, first, party));
    ASSERT_EQ(added.status, 200) << added.body;
    json message = added.json();
    EXPECT_EQ(message.at("seq"), first);
    EXPECT_EQ(message.at("reactions"), json({{{"emoji", "🎉"}, {"count", 1}}}));
    EXPECT_EQ(message.at("receipt").at("position"), added.position());
    EXPECT_EQ(message.at("receipt").at("room_seq"), second + 1);
    EXPECT_EQ(added.room_seq(), second + 1);

    EXPECT_EQ(carol.put(reaction_path(room, first, thumb)).status, 200);
    EXPECT_EQ(carol.put(reaction_path(room, first, party)).status, 200);
    const json counts = {{{"emoji", "🎉"}, {"count", 2}}, {{"emoji", "👍"}, {"count", 1}}};
    EXPECT_EQ(alice.get(message_path(room, first)).json().at("reactions"), counts);

    const json page = carol.get(messages_of(room)).json();
    EXPECT_EQ(page.at("items").at(0).at("reactions"), counts);
    EXPECT_EQ(page.at("items").at(1).at("reactions"), json::array());
    const json own = page.at("my_reactions");
    EXPECT_EQ(own.size(), 1u);
    EXPECT_THAT(
        own.at(std::to_string(first)).get<std::vector<std::string>>(),
        ::testing::UnorderedElementsAre("🎉", "👍")
    );
    EXPECT_EQ(alice.get(messages_of(room)).json().at("my_reactions"), json::object());
}

TEST_F(Marks, ReactionsThatAreThereAlreadyMakeNoEvent) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = alice.say(room, "x");
    const HttpAnswer added = bob.put(reaction_path(room, seq, heart));
    const HttpAnswer again = bob.put(reaction_path(room, seq, heart));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.json().at("reactions"), json({{{"emoji", "❤️"}, {"count", 1}}}));
    EXPECT_EQ(again.room_seq(), added.room_seq());

    const HttpAnswer removed = bob.del(reaction_path(room, seq, heart));
    EXPECT_EQ(removed.status, 204);
    EXPECT_EQ(removed.room_seq(), added.room_seq() + 1);
    EXPECT_GT(removed.position(), added.position());
    const HttpAnswer gone = bob.del(reaction_path(room, seq, heart));
    EXPECT_EQ(gone.status, 204) << "already so";
    EXPECT_EQ(gone.room_seq(), removed.room_seq());
    EXPECT_EQ(alice.get(message_path(room, seq)).json().at("reactions"), json::array());
}

TEST_F(Marks, ReactionsAreOneEmojiOrRefused) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "x");
    for (const std::string emoji :
         {"%2B1", "+1", ":+1:", "a", "1", "%F0%9F%91%8D%F0%9F%91%8D", "%20", "%E5%8C%97"}) {
        EXPECT_TRUE(is_invalid(alice.put(reaction_path(room, seq, emoji)), "emoji")) << emoji;
        EXPECT_TRUE(is_invalid(alice.del(reaction_path(room, seq, emoji)), "emoji")) << emoji;
    }
    std::string long_family = thumb;
    for (int i = 0; i < 9; ++i) long_family += std::string("%E2%80%8D") + thumb;
    EXPECT_TRUE(is_invalid(alice.put(reaction_path(room, seq, long_family)), "emoji"));
    for (const std::string emoji : {heart, plain_heart, keycap_of_one})
        EXPECT_EQ(alice.put(reaction_path(room, seq, emoji)).status, 200) << emoji;
    EXPECT_EQ(alice.get(message_path(room, seq)).json().at("reactions").size(), 3u);
}

TEST_F(Marks, ReactionsAreForMembersAndLiveMessages) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = alice.say(room, "x");
    EXPECT_TRUE(is_problem(carol.put(reaction_path(room, seq, thumb)), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(bob.put(reaction_path(room, 1, thumb)), 404, "message_not_found"));
    EXPECT_TRUE(is_problem(bob.put(reaction_path(room, 999, thumb)), 404, "message_not_found"));
    EXPECT_EQ(bob.put(reaction_path(room, seq, thumb)).status, 200);
    EXPECT_EQ(alice.del(message_path(room, seq)).status, 204);
    EXPECT_TRUE(is_problem(bob.put(reaction_path(room, seq, thumb)), 409, "message_is_deleted"));
    const json page = bob.get(messages_of(room)).json();
    EXPECT_EQ(page.at("items").at(0).at("reactions"), json::array());
    EXPECT_EQ(page.at("my_reactions"), json::object());
}

TEST_F(Marks, ReactionsShowNobodyWhatItMayNotRead) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    const auto before = alice.say(room, "before bob");
    ASSERT_EQ(join(bob, room).status, 200);
    const HttpAnswer refused = bob.put(reaction_path(room, before, thumb));
    EXPECT_TRUE(is_problem(refused, 403, "not_a_member_then"));

    // A success that is told again, to somebody who is no member any more.
    const auto during = alice.say(room, "with bob");
    const Headers key = {{"Idempotency-Key", "react-once"}};
    const HttpAnswer first = bob.put(reaction_path(room, during, thumb), nullptr, key);
    EXPECT_EQ(first.status, 200);
    ASSERT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    EXPECT_EQ(alice.patch(message_path(room, during), {{"text", "without bob"}}).status, 200);
    const HttpAnswer replayed = bob.put(reaction_path(room, during, thumb), nullptr, key);
    EXPECT_EQ(replayed.status, 200);
    EXPECT_EQ(replayed.room_seq(), first.room_seq());
    EXPECT_THAT(replayed.body, ::testing::Not(::testing::HasSubstr("without bob")));
}

TEST_F(Marks, PinsStandInTheRoomInTheOrderOfTheMessages) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto first = alice.say(room, "first");
    const auto second = bob.say(room, "second");
    EXPECT_EQ(pinned_in(bob, room), json::array());
    const HttpAnswer pinned = alice.put(pin_path(room, second));
    ASSERT_EQ(pinned.status, 200) << pinned.body;
    EXPECT_EQ(pinned.json().at("room_id"), room);
    EXPECT_EQ(pinned.json().at("pinned"), json({second}));
    EXPECT_EQ(pinned.json().at("receipt").at("room_seq"), second + 1);
    EXPECT_EQ(alice.put(pin_path(room, first)).status, 200);
    EXPECT_EQ(pinned_in(bob, room), json({first, second}));
    EXPECT_EQ(alice.put(pin_path(room, first)).room_seq(), second + 2) << "already so";
    EXPECT_EQ(pinned_in(carol, room), json::array()) << "others see no messages";

    EXPECT_TRUE(is_problem(bob.put(pin_path(room, first)), 403, "actor_may_not_pin"));
    EXPECT_TRUE(is_problem(bob.del(pin_path(room, first)), 403, "actor_may_not_pin"));
    EXPECT_TRUE(is_problem(carol.put(pin_path(room, first)), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(alice.put(pin_path(room, 1)), 404, "message_not_found"));

    const HttpAnswer unpinned = alice.del(pin_path(room, first));
    EXPECT_EQ(unpinned.status, 204);
    EXPECT_EQ(unpinned.room_seq(), second + 3);
    EXPECT_EQ(alice.del(pin_path(room, first)).status, 204) << "already so";
    EXPECT_EQ(alice.del(message_path(room, second)).status, 204);
    EXPECT_EQ(pinned_in(bob, room), json::array()) << "a deleted message is not pinned";
    EXPECT_TRUE(is_problem(alice.put(pin_path(room, second)), 409, "message_is_deleted"));
}

TEST_F(Marks, FeedsTellThemAsTheyHappen) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = alice.say(room, "x");
    auto feed = bob.live_feed("room=" + room);
    EXPECT_EQ(bob.put(reaction_path(room, seq, party)).status, 200);
    EXPECT_EQ(alice.put(pin_path(room, seq)).status, 200);
    EXPECT_EQ(alice.del(message_path(room, seq)).status, 204);
    std::vector<std::string> types;
    for (int i = 0; i < 4; ++i) {
        const auto frame = feed.read_until("event");
        ASSERT_TRUE(frame.has_value());
        const json& event = frame->at("event");
        types.push_back(event.at("type"));
        EXPECT_EQ(event.at("data").at("seq"), seq);
        EXPECT_EQ(event.at("data").value("emoji", ""), i == 0 ? "🎉" : "");
    }
    EXPECT_THAT(
        types,
        ::testing::ElementsAre(
            "reaction.added", "message.pinned", "message.unpinned", "message.deleted"
        )
    );
}

TEST_F(Marks, HistoriesHoldEveryWordingOldestFirst) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const HttpAnswer sent = bob.post(messages_of(room), {{"text", "one @alice"}});
    const auto seq = sent.room_seq();
    const std::string path = message_path(room, seq);
    EXPECT_EQ(alice.put(reaction_path(room, seq, thumb)).status, 200);
    const auto second = bob.patch(path, {{"text", "two"}}).room_seq();
    EXPECT_EQ(alice.del(reaction_path(room, seq, thumb)).status, 204);
    const auto third = bob.patch(path, {{"text", "three"}}).room_seq();

    const json history = alice.get(path + "/history").json();
    EXPECT_TRUE(history.at("next").is_null());
    const json& items = history.at("items");
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].at("text"), "one @alice");
    EXPECT_EQ(items[0].at("mentions"), json({alice.id()}));
    EXPECT_EQ(items[0].at("by"), bob.id());
    EXPECT_EQ(items[0].at("at"), sent.json().at("sent_at"));
    EXPECT_EQ(items[0].at("room_seq"), seq);
    EXPECT_EQ(items[1].at("text"), "two");
    EXPECT_EQ(items[1].at("mentions"), json::array());
    EXPECT_EQ(items[1].at("room_seq"), second);
    EXPECT_EQ(items[2].at("room_seq"), third);
    EXPECT_EQ(items[2].at("at"), alice.get(path).json().at("edited_at"));

    const json first_page = alice.get(path + "/history?limit=2").json();
    EXPECT_EQ(first_page.at("items").size(), 2u);
    const json rest = alice.get(first_page.at("next").get<std::string>()).json();
    EXPECT_EQ(rest.at("items"), json({items[2]}));
    EXPECT_TRUE(rest.at("next").is_null());
    EXPECT_EQ(alice.all_pages(path + "/history?limit=1").size(), 3u);
}

TEST_F(Marks, HistoriesOfDeletedMessagesHaveNoTexts) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = bob.say(room, "one @alice");
    const std::string path = message_path(room, seq);
    EXPECT_EQ(bob.patch(path, {{"text", "two"}}).status, 200);
    EXPECT_EQ(bob.del(path).status, 204);
    for (Person* who : {&alice, &bob}) {
        const json items = who->get(path + "/history").json().at("items");
        ASSERT_EQ(items.size(), 2u);
        for (const json& item : items) {
            EXPECT_TRUE(item.at("text").is_null());
            EXPECT_EQ(item.at("mentions"), json::array());
            EXPECT_EQ(item.at("by"), bob.id());
        }
    }
}

TEST_F(Marks, HistoriesAndThreadsAreForThoseWhoMayReadTheMessage) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    const auto before = alice.say(room, "before bob");
    ASSERT_EQ(join(bob, room).status, 200);
    for (const std::string part : {"/history", "/thread"}) {
        const std::string path = message_path(room, before) + part;
        EXPECT_EQ(alice.get(path).status, 200);
        EXPECT_TRUE(is_problem(bob.get(path), 403, "not_a_member_then"));
        EXPECT_TRUE(is_problem(carol.get(path), 403, "actor_is_not_member"));
        EXPECT_TRUE(is_problem(alice.get(message_path(room, 1) + part), 404, "message_not_found"));
        EXPECT_TRUE(is_invalid(alice.get(path + "?limit=0"), "limit"));
        EXPECT_TRUE(is_invalid(alice.get(path + "?after=x"), "after"));
    }
}

TEST_F(Marks, ThreadsHaveTheirRootAndItsRepliesInOrder) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto root = alice.say(room, "root");
    const auto first = reply(bob, room, root);
    const auto aside = alice.say(room, "aside");
    const auto second = reply(alice, room, root);
    const auto nested = reply(bob, room, first);
    EXPECT_EQ(bob.put(reaction_path(room, root, thumb)).status, 200);
    EXPECT_EQ(bob.put(reaction_path(room, second, party)).status, 200);
    EXPECT_EQ(bob.put(reaction_path(room, aside, party)).status, 200);

    const std::string path = message_path(room, root) + "/thread";
    const json thread = bob.get(path).json();
    EXPECT_EQ(thread.at("root"), bob.get(message_path(room, root)).json());
    EXPECT_EQ(thread.at("root").at("reply_count"), 2);
    EXPECT_EQ(seqs_of(thread.at("items")), json({first, second}));
    EXPECT_EQ(thread.at("items")[1], bob.get(message_path(room, second)).json());
    EXPECT_TRUE(thread.at("next").is_null());
    const json own = {{std::to_string(root), {"👍"}}, {std::to_string(second), {"🎉"}}};
    EXPECT_EQ(thread.at("my_reactions"), own);

    const json page = bob.get(path + "?limit=1").json();
    EXPECT_EQ(seqs_of(page.at("items")), json({first}));
    const json rest = bob.get(page.at("next").get<std::string>()).json();
    EXPECT_EQ(seqs_of(rest.at("items")), json({second}));
    EXPECT_TRUE(rest.at("next").is_null());
    const json of_reply = bob.get(message_path(room, first) + "/thread").json();
    EXPECT_EQ(seqs_of(of_reply.at("items")), json({nested}));
    EXPECT_EQ(bob.get(message_path(room, nested) + "/thread").json().at("items"), json::array());
}

}  // namespace

}  // namespace verbatim::testing
