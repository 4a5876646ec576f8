#include "tests/app/server_test.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

// GET /messages: what was said in all of one's rooms.
class AllMessages : public ServerTest {
protected:
    Person alice = stranger();
    Person bob = stranger();

    static Texts texts_of(const std::vector<json>& items) {
        Texts texts;
        for (const json& message : items)
            texts.push_back(message.at("text").is_null() ? "-" : message.at("text"));
        return texts;
    }
    static Texts everything(Person& who, const std::string& limit = "50") {
        return texts_of(who.all_pages("/messages?limit=" + limit));
    }
};

TEST_F(AllMessages, ComeInTheOrderInWhichTheyWereSent) {
    const std::string hall = alice.create_room({{"members", {bob.id()}}});
    const std::string attic = alice.create_room({{"members", {bob.id()}}});
    EXPECT_EQ(everything(bob), Texts());
    Texts said;
    for (int i = 0; i < 9; ++i) {
        said.push_back(std::to_string(i));
        alice.say(i % 3 == 0 ? hall : attic, said.back());
    }
    for (const std::string limit : {"1", "2", "3", "8", "9", "10", "200"})
        EXPECT_EQ(everything(bob, limit), said) << limit;

    const json page = bob.get("/messages?limit=4").json();
    const auto last = page.at("items").back();
    const std::string after = "/messages?after=" + last.at("position").dump();
    EXPECT_EQ(page.at("next"), "/api/v1/messages?limit=4&after=" + last.at("position").dump());
    EXPECT_EQ(texts_of(bob.all_pages(after)), Texts(said.begin() + 4, said.end()));
    const json whole = bob.get(after).json();
    EXPECT_TRUE(whole.at("next").is_null());
    const std::string room = last.at("room_id");
    EXPECT_EQ(last, bob.get(messages_of(room) + "/" + last.at("seq").dump()).json());
    EXPECT_EQ(bob.get("/messages?after=18446744073709551615").json().at("items"), json::array());
}

TEST_F(AllMessages, AreThoseOfRoomsOfWhichOneIsAMemberNow) {
    const std::string hall = alice.create_room({{"members", {bob.id()}}});
    const std::string attic = alice.create_room();
    const std::string cellar = alice.create_room({{"members", {bob.id()}}});
    alice.say(hall, "hall");
    alice.say(attic, "attic");
    alice.say(cellar, "cellar");
    EXPECT_EQ(everything(bob), (Texts{"hall", "cellar"}));
    EXPECT_EQ(bob.post("/rooms/" + cellar + "/leave").status, 200);
    EXPECT_EQ(everything(bob), Texts{"hall"});
    EXPECT_EQ(join(bob, attic).status, 200);
    EXPECT_EQ(everything(bob), (Texts{"hall", "attic"})) << "its history is shared";
    EXPECT_EQ(everything(alice), (Texts{"hall", "attic", "cellar"}));
}

TEST_F(AllMessages, ObeyEachRoomsHistory) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    alice.say(room, "before");
    EXPECT_EQ(join(bob, room).status, 200);
    alice.say(room, "with");
    EXPECT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    alice.say(room, "without");
    EXPECT_EQ(join(bob, room).status, 200);
    alice.say(room, "with again");
    EXPECT_EQ(everything(bob, "1"), (Texts{"with", "with again"}));
    EXPECT_EQ(everything(alice), (Texts{"before", "with", "without", "with again"}));
}

TEST_F(AllMessages, ThatAreDeletedKeepTheirPlaceAndOnesReactionsAreToldByRoom) {
    const std::string hall = alice.create_room({{"members", {bob.id()}}});
    const std::string attic = alice.create_room({{"members", {bob.id()}}});
    const auto gone = alice.say(hall, "gone");
    const auto liked = alice.say(attic, "liked");
    const std::string reaction = "/reactions/%F0%9F%91%8D";
    EXPECT_EQ(bob.put(messages_of(attic) + "/" + std::to_string(liked) + reaction).status, 200);
    EXPECT_EQ(alice.del(messages_of(hall) + "/" + std::to_string(gone)).status, 204);
    EXPECT_EQ(everything(bob), (Texts{"-", "liked"}));
    const json own = {{attic, {{std::to_string(liked), {"👍"}}}}};
    EXPECT_EQ(bob.get("/messages").json().at("my_reactions"), own);
    EXPECT_EQ(alice.get("/messages").json().at("my_reactions"), json::object());
}

TEST_F(AllMessages, MissNothingForWhoFollowsThemWhileTheyAreSent) {
    constexpr int rooms_count = 4;
    constexpr int each = 25;
    std::vector<std::string> rooms;
    for (int i = 0; i < rooms_count; ++i)
        rooms.push_back(alice.create_room({{"members", {bob.id()}}}));
    std::atomic<int> sending = rooms_count;
    std::vector<std::thread> senders;
    for (const std::string& room : rooms)
        senders.emplace_back([&, who = Person(alice)]() mutable {
            for (int i = 0; i < each; ++i) who.say(room, room + std::to_string(i));
            --sending;
        });
    std::vector<std::uint64_t> positions;
    std::string after = "0";
    for (bool more = true; more;) {
        const bool all_sent = sending == 0;
        const HttpAnswer answer = bob.get("/messages?limit=7&after=" + after);
        EXPECT_EQ(answer.status, 200) << answer.body;
        if (answer.status != 200) break;
        const json page = answer.json();
        for (const json& message : page.at("items")) positions.push_back(message.at("position"));
        if (!positions.empty()) after = std::to_string(positions.back());
        more = !all_sent || !page.at("items").empty();
    }
    for (std::thread& sender : senders) sender.join();
    EXPECT_EQ(positions.size(), static_cast<std::size_t>(rooms_count * each));
    EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
    EXPECT_EQ(std::adjacent_find(positions.begin(), positions.end()), positions.end());
}

TEST_F(AllMessages, AreRefusedBeyondTheBounds) {
    EXPECT_TRUE(is_invalid(alice.get("/messages?limit=0"), "limit"));
    EXPECT_TRUE(is_invalid(alice.get("/messages?limit=201"), "limit"));
    EXPECT_TRUE(is_invalid(alice.get("/messages?after=-1"), "after"));
    EXPECT_EQ(ask_once(server(), "GET", "/api/v1/messages").status, 401);
}

}  // namespace

}  // namespace verbatim::testing
