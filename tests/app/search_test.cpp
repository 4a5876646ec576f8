#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Search : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");

    // What queries show now can be found too.
    static HttpAnswer ask(Person& who, const std::string& query) {
        const std::uint64_t shown = newest(who);
        return who.get("/search?" + query, {{"Verbatim-Min-Position", std::to_string(shown)}});
    }
    static std::uint64_t newest(Person& who) {
        return who.post("/rooms", {{"name", "x"}}).position();
    }
    static std::vector<std::string> texts(const HttpAnswer& answer) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        std::vector<std::string> found;
        const json page = answer.json();
        for (const json& message : page.at("items")) found.push_back(message.at("text"));
        return found;
    }
    static std::string encoded(const std::string& text) {
        static constexpr char digits[] = "0123456789ABCDEF";
        std::string out;
        for (const unsigned char byte : text) {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
        return out;
    }
};

TEST_F(Search, FindsWhatWasJustSaidAsTheContractsMessages) {
    const std::string room = alice.create_room();
    const HttpAnswer sent = alice.post(messages_of(room), {{"text", "我在北京 with a zeppelin"}});
    ASSERT_EQ(sent.status, 201);
    for (const char* const words : {"zeppelin", "北京", "ZEPPELIN 北京", "\"a zeppelin\""}) {
        const HttpAnswer found = alice.get(
            "/search?q=" + encoded(words),
            {{"Verbatim-Min-Position", std::to_string(sent.position())}}
        );
        ASSERT_EQ(found.status, 200) << found.body;
        const json items = found.json().at("items");
        ASSERT_EQ(items.size(), 1u) << words;
        EXPECT_EQ(
            items[0], alice.get(messages_of(room) + "/" + std::to_string(sent.room_seq())).json()
        );
        EXPECT_TRUE(found.json().at("next").is_null());
    }
}

TEST_F(Search, SeesOnlyTheCallersRooms) {
    const std::string mine = alice.create_room({{"visibility", "private"}});
    const std::string shared = alice.create_room({{"members", {bob.id()}}});
    alice.say(mine, "quokka alone");
    alice.say(shared, "quokka together");
    EXPECT_THAT(texts(ask(alice, "q=quokka")), ElementsAre("quokka together", "quokka alone"));
    EXPECT_THAT(texts(ask(bob, "q=quokka")), ElementsAre("quokka together"));
    EXPECT_TRUE(is_problem(ask(bob, "q=quokka&room_id=" + mine), 404, "room_not_found"));
    EXPECT_THAT(texts(ask(alice, "q=quokka&room_id=" + mine)), ElementsAre("quokka alone"));
    ASSERT_EQ(bob.post("/rooms/" + shared + "/leave").status, 200);
    EXPECT_THAT(texts(ask(bob, "q=quokka")), IsEmpty());
    EXPECT_TRUE(is_problem(ask(bob, "q=quokka&room_id=" + shared), 403, "actor_is_not_member"));
}

TEST_F(Search, OfRoomsThatShowHistorySinceJoiningFindsWhatWasSaidThen) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    alice.say(room, "wombat before");
    ASSERT_EQ(join(bob, room).status, 200);
    alice.say(room, "wombat during");
    ASSERT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    alice.say(room, "wombat between");
    ASSERT_EQ(join(bob, room).status, 200);
    alice.say(room, "wombat again");
    EXPECT_THAT(texts(ask(bob, "q=wombat")), ElementsAre("wombat again", "wombat during"));
    EXPECT_EQ(texts(ask(alice, "q=wombat")).size(), 4u);
}

TEST_F(Search, FollowsEditsAndDeletions) {
    const std::string room = alice.create_room();
    const auto edited = std::to_string(alice.say(room, "numbat draft"));
    const auto deleted = std::to_string(alice.say(room, "numbat mistake"));
    ASSERT_EQ(
        alice.patch(messages_of(room) + "/" + edited, {{"text", "numbat final"}}).status, 200
    );
    ASSERT_EQ(alice.del(messages_of(room) + "/" + deleted).status, 204);
    EXPECT_THAT(texts(ask(alice, "q=numbat")), ElementsAre("numbat final"));
    EXPECT_THAT(texts(ask(alice, "q=draft")), IsEmpty());
    EXPECT_THAT(texts(ask(alice, "q=mistake")), IsEmpty());
}

TEST_F(Search, FiltersBySenderAndTimeAndWalksBack) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    std::vector<std::string> wanted;
    for (int i = 0; i < 5; ++i) {
        alice.say(room, "bilby " + std::to_string(i));
        wanted.insert(wanted.begin(), "bilby " + std::to_string(i));
    }
    bob.say(room, "bilby by bob");
    EXPECT_THAT(texts(ask(alice, "q=bilby&from=" + bob.id())), ElementsAre("bilby by bob"));
    EXPECT_THAT(texts(ask(alice, "q=bilby&since=2099-01-01T00:00:00Z")), IsEmpty());
    EXPECT_EQ(texts(ask(alice, "q=bilby&until=2099-01-01T00:00:00Z")).size(), 6u);
    std::vector<std::string> found;
    for (const json& message : alice.all_pages("/search?q=bilby&limit=2&from=" + alice.id()))
        found.push_back(message.at("text"));
    EXPECT_EQ(found, wanted);
}

TEST_F(Search, RefusesWhatItCannotReadNamingIt) {
    EXPECT_TRUE(is_invalid(alice.get("/search"), "q"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q="), "q"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q=" + std::string(201, 'x')), "q"));
    EXPECT_EQ(alice.get("/search?q=" + std::string(200, 'x')).status, 200);
    EXPECT_TRUE(is_invalid(alice.get("/search?q=x&limit=201"), "limit"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q=x&from=bob"), "from"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q=x&room_id=hall"), "room_id"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q=x&before=yesterday"), "before"));
    EXPECT_TRUE(is_invalid(alice.get("/search?q=x&since=yesterday"), "since"));
    EXPECT_EQ(ask_once(server(), "GET", "/api/v1/search?q=x").status, 401);
    for (const char* const words : {"\"", "* ^ -", "NEAR(a", "a AND", "(", "'; DROP TABLE words"})
        EXPECT_EQ(alice.get("/search?q=" + encoded(words)).status, 200) << words;
}

TEST_F(Search, TellsItsLag) {
    const std::string metrics = ask_once(server(), "GET", "/metrics").body;
    EXPECT_THAT(metrics, ::testing::HasSubstr("verbatim_search_lag_events "));
    EXPECT_THAT(metrics, ::testing::HasSubstr("verbatim_search_bytes "));
}

TEST(SearchAfterAKill, FindsEverythingOnceWithAndWithoutItsFile) {
    TemporaryFolder folder;
    ServerProcess server({.binary = server_binary(), .data = folder.path() / "data"});
    auto alice = std::make_unique<Person>(server, "alice");
    const std::string room = alice->create_room();
    for (int i = 0; i < 50; ++i) alice->say(room, "dingo " + std::to_string(i));
    std::uint64_t last = 0;
    const auto count = [&] {
        return alice
            ->get("/search?q=dingo&limit=200", {{"Verbatim-Min-Position", std::to_string(last)}})
            .json()
            .at("items")
            .size();
    };
    server.kill9();
    server.start();
    alice = std::make_unique<Person>(server, "bert");
    last = alice->post("/rooms/" + room + "/join").position();
    EXPECT_EQ(count(), 50u);
    ASSERT_EQ(server.terminate(), 0);
    std::filesystem::remove(server.data() / "search.sqlite");
    server.start();
    alice = std::make_unique<Person>(server, "carl");
    last = alice->post("/rooms/" + room + "/join").position();
    EXPECT_EQ(count(), 50u);
}

}  // namespace

}  // namespace verbatim::testing
