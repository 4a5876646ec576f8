#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

class FeedResume : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");

    static std::string after(std::uint64_t position) { return "after=" + std::to_string(position); }
    static std::vector<std::uint64_t> positions_of(const std::vector<json>& events) {
        std::vector<std::uint64_t> positions;
        for (const json& event : events) positions.push_back(event.at("position"));
        return positions;
    }
};

TEST_F(FeedResume, BringsExactlyWhatWasMissedAfterAKill) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    WsClient live = bob.live_feed();
    const auto seen = alice.post(messages_of(room), {{"text", "seen"}}).position();
    EXPECT_EQ(live.read_until_position(seen).size(), 1u);
    std::vector<std::uint64_t> missed;
    for (int i = 0; i < 5; ++i)
        missed.push_back(alice.post(messages_of(room), {{"text", "missed"}}).position());
    server().kill9();
    EXPECT_EQ(live.close_code(), 1006u);
    server().start();
    missed.push_back(alice.post(messages_of(room), {{"text", "after the kill"}}).position());

    bob.wait_for_feeds();
    WsClient resumed = bob.feed(after(seen));
    EXPECT_EQ(positions_of(resumed.read_until_caught_up()), missed);
    const auto next = alice.post(messages_of(room), {{"text", "live again"}}).position();
    EXPECT_EQ(positions_of(resumed.read_until_position(next)), std::vector{next});
}

TEST_F(FeedResume, FromZeroEqualsTheFeedThatWasNeverInterrupted) {
    Person dora = stranger();
    WsClient live = dora.live_feed();
    const std::string room = dora.create_room({{"members", {bob.id()}}});
    const std::string other = alice.create_room();
    alice.say(other, "not hers yet");
    ASSERT_EQ(join(dora, other).status, 200);
    const auto seq = dora.say(other, "hers");
    ASSERT_EQ(
        dora.patch(messages_of(other) + "/" + std::to_string(seq), {{"text", "edited"}}).status, 200
    );
    ASSERT_EQ(dora.post("/rooms/" + other + "/leave").status, 200);
    alice.say(other, "not hers any more");
    ASSERT_EQ(join(dora, other).status, 200);
    const auto last = dora.post(messages_of(room), {{"text", "the last"}}).position();
    const auto uninterrupted = live.read_until_position(last);

    auto resumed = dora.feed(after(0)).read_until_caught_up();
    ASSERT_GE(resumed.size(), uninterrupted.size());
    EXPECT_EQ(resumed.front().at("type"), "user.registered");
    const auto missed = static_cast<std::ptrdiff_t>(resumed.size() - uninterrupted.size());
    resumed.erase(resumed.begin(), resumed.begin() + missed);
    EXPECT_EQ(resumed, uninterrupted);
    // From any position in between too.
    for (std::size_t i = 0; i + 1 < uninterrupted.size(); ++i) {
        const auto cursor = uninterrupted[i].at("position").get<std::uint64_t>();
        const auto rest = dora.feed(after(cursor)).read_until_caught_up();
        const auto from = uninterrupted.begin() + static_cast<std::ptrdiff_t>(i) + 1;
        EXPECT_EQ(rest, std::vector<json>(from, uninterrupted.end()));
    }
}

TEST_F(FeedResume, ShowsNoTextOfWhatWasDeletedSince) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const HttpAnswer sent = alice.post(messages_of(room), {{"text", "regretted"}});
    const auto seq = std::to_string(sent.room_seq());
    const auto deleted = alice.del(messages_of(room) + "/" + seq).position();
    const auto events = bob.feed(after(sent.position() - 1)).read_until_position(deleted);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].at("position"), sent.position());
    EXPECT_TRUE(events[0].at("data").at("text").is_null());
    EXPECT_EQ(events[1].at("type"), "message.deleted");
    EXPECT_EQ(events[1].at("data").at("seq"), sent.room_seq());
}

TEST_F(FeedResume, IsRefusedWith4410ForAnotherEpochAndBeyondTheHead) {
    WsClient feed = alice.feed();
    const auto welcome = feed.read();
    ASSERT_TRUE(welcome.has_value());
    const std::string epoch = welcome->at("epoch");
    const auto head = welcome->at("position").get<std::uint64_t>();
    EXPECT_EQ(alice.feed(after(1) + "&epoch=another").close_code(), 4410u);
    EXPECT_EQ(alice.feed(after(head + 1'000'000)).close_code(), 4410u);
    WsClient resumed = alice.feed(after(head) + "&epoch=" + epoch);
    EXPECT_TRUE(resumed.read_until("caught_up").has_value());
}

TEST_F(FeedResume, KeepsItsEpochOverRestarts) {
    const std::string epoch = alice.feed().read()->at("epoch");
    server().kill9();
    server().start();
    EXPECT_EQ(alice.feed().read()->at("epoch"), epoch);
}

TEST_F(FeedResume, FollowsACloseWith1001OnSigtermAndAnExitWithZero) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    WsClient feed = bob.live_feed();
    WsClient catching_up = bob.feed(after(0));
    const auto position = alice.post(messages_of(room), {{"text", "the last word"}}).position();
    server().ask_to_end();
    EXPECT_EQ(positions_of(feed.read_until_position(position)), std::vector{position});
    EXPECT_EQ(feed.close_code(), 1001u);
    EXPECT_EQ(catching_up.close_code(), 1001u);
    EXPECT_EQ(server().wait_for_end(), 0);
    server().start();
    EXPECT_TRUE(bob.feed(after(position)).read_until_caught_up().empty());
}

}  // namespace

}  // namespace verbatim::testing
