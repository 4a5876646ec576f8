#include "tests/app/server_test.hpp"

#include <algorithm>

namespace verbatim::testing {

namespace {

using nlohmann::json;

// A room that shows its members only what was said while they were in it, and bob, who was in it
// twice.
class SinceJoin : public ServerTest {
protected:
    SinceJoin() {
        say("before");
        came = join(bob, room).room_seq();
        first = say("first stay");
        left = bob.post("/rooms/" + room + "/leave").room_seq();
        between = say("between");
        came_again = join(bob, room).room_seq();
        second = say("second stay");
        EXPECT_EQ(
            alice.patch(path_of(between), {{"text", "edited while bob is there"}}).status, 200
        );
    }
    std::uint64_t say(const std::string& text) { return alice.say(room, text); }
    [[nodiscard]] std::string path_of(std::uint64_t seq) const {
        return messages_of(room) + "/" + std::to_string(seq);
    }
    static std::vector<std::uint64_t> seqs_of(
        const std::vector<json>& items, const std::string& name
    ) {
        std::vector<std::uint64_t> seqs;
        for (const json& item : items) seqs.push_back(item.at(name));
        return seqs;
    }

    Person& alice = person("alice");
    Person& bob = person("bob");
    const std::string room = alice.create_room({{"history", "since_join"}});
    std::uint64_t came = 0;
    std::uint64_t first = 0;
    std::uint64_t left = 0;
    std::uint64_t between = 0;
    std::uint64_t came_again = 0;
    std::uint64_t second = 0;
};

TEST_F(SinceJoin, ListsTheEventsOfEachStayAndNoOthers) {
    const std::vector<std::uint64_t> wanted{came, first, left, came_again, second, second + 1};
    for (const std::string limit : {"1", "2", "3", "50"}) {
        const auto events = bob.all_pages("/rooms/" + room + "/events?limit=" + limit);
        EXPECT_EQ(seqs_of(events, "room_seq"), wanted) << "by " << limit;
    }
    const auto after = [&](std::uint64_t seq) {
        return seqs_of(
            bob.all_pages("/rooms/" + room + "/events?after_seq=" + std::to_string(seq)), "room_seq"
        );
    };
    EXPECT_EQ(after(first), (std::vector<std::uint64_t>{left, came_again, second, second + 1}));
    EXPECT_EQ(after(left), (std::vector<std::uint64_t>{came_again, second, second + 1}));
    EXPECT_EQ(after(between), (std::vector<std::uint64_t>{came_again, second, second + 1}));
    EXPECT_EQ(after(second + 1), std::vector<std::uint64_t>{});
    EXPECT_EQ(alice.all_pages("/rooms/" + room + "/events").size(), second + 1);
}

TEST_F(SinceJoin, PagesThroughTheMessagesOfEachStayAndNoOthers) {
    for (const std::string limit : {"1", "2"}) {
        const std::string path = messages_of(room) + "?limit=" + limit;
        auto backwards = seqs_of(bob.all_pages(path), "seq");
        std::sort(backwards.begin(), backwards.end());
        EXPECT_EQ(backwards, (std::vector<std::uint64_t>{first, second}));
        EXPECT_EQ(
            seqs_of(bob.all_pages(path + "&after=0"), "seq"),
            (std::vector<std::uint64_t>{first, second})
        );
    }
    const json around = bob.get(messages_of(room) + "?around=" + std::to_string(between)).json();
    EXPECT_EQ(seqs_of(around.at("items"), "seq"), (std::vector<std::uint64_t>{first, second}));
}

TEST_F(SinceJoin, HidesAMessageThatWasSaidBetweenTwoStaysEverywhere) {
    EXPECT_EQ(bob.get(path_of(first)).status, 200);
    for (const std::string route : {"", "/history", "/thread", "/proof"})
        EXPECT_TRUE(is_problem(bob.get(path_of(between) + route), 403, "not_a_member_then"))
            << route;
    EXPECT_TRUE(
        is_problem(bob.put(path_of(between) + "/reactions/%F0%9F%91%8D"), 403, "not_a_member_then")
    );
    // Its edit is an event of bob's own stay, and says nothing that it did not say then.
    const json edit =
        bob.get("/rooms/" + room + "/events?after_seq=" + std::to_string(second)).json();
    EXPECT_EQ(edit.at("items").at(0).at("type"), "message.edited");
}

TEST_F(SinceJoin, ShowsWhatWasPinnedOnlyWhereItMayBeRead) {
    for (const std::uint64_t seq : {first, between, second})
        ASSERT_EQ(alice.put("/rooms/" + room + "/pins/" + std::to_string(seq)).status, 200);
    const json shown = bob.get("/rooms/" + room).json();
    EXPECT_EQ(shown.at("pinned"), json({first, second}));
    EXPECT_EQ(shown.at("last_message").at("seq"), second);
    const auto position =
        alice.put("/rooms/" + room + "/pins/" + std::to_string(second)).position();
    const json past = bob.get("/rooms/" + room + "?as_of=" + std::to_string(position)).json();
    EXPECT_EQ(past.at("pinned"), json({first, second}));
}

}  // namespace

}  // namespace verbatim::testing
