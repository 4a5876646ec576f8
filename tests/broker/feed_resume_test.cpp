#include "tests/broker/support/feed_model.hpp"
#include "tests/broker/support/feed_world.hpp"

#include <random>
#include <thread>

// A resumed feed equals the one never interrupted, except that what was deleted since is empty.
namespace verbatim::testing {
namespace {

using Envelopes = std::vector<nlohmann::json>;

// Random people doing random things in random rooms; refusals are part of it.
class Crowd {
public:
    Crowd(FeedWorld& world, unsigned seed) : world_(world), random_(seed) {
        for (const char* const name : {"alice", "bob", "carol", "dave"})
            people_.push_back(world.person(name));
        for (int i = 0; i < 4; ++i) {
            const auto visibility = i % 2 == 0 ? Visibility::public_ : Visibility::private_;
            rooms_.push_back(world.room(people_[static_cast<std::size_t>(i)], visibility));
        }
    }
    void act(int count) {
        for (int i = 0; i < count; ++i) act_once();
    }
    [[nodiscard]] const std::vector<FeedWorld::Person>& people() const { return people_; }
    [[nodiscard]] const std::vector<RoomId>& rooms() const { return rooms_; }
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
        return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
    }

private:
    void act_once() {
        const auto& actor = people_[below(people_.size())];
        const UserId other = people_[below(people_.size())].user;
        const RoomId room = rooms_[below(rooms_.size())];
        const Version seq(1 + below(30));
        const auto in_room = [&](RoomCommand command) {
            (void)world_.run(actor, room, std::move(command));
        };
        switch (below(16)) {
            case 0: return in_room(JoinRoom{});
            case 1: return in_room(LeaveRoom{});
            case 2: return in_room(InviteUser{.user = other});
            case 3: return in_room(RevokeInvite{.user = other});
            case 4: return in_room(BanUser{.user = other, .reason = "reason"});
            case 5: return in_room(UnbanUser{.user = other});
            case 6: return in_room(PutMember{.user = other, .role = std::nullopt});
            case 7: return in_room(RemoveMember{.user = other});
            case 8: return in_room(EditMessage{.seq = seq, .text = "edited", .mentions = {}});
            case 9: return in_room(DeleteMessage{.seq = seq});
            case 10:
                (void)world_.run(
                    actor.user,
                    reader_stream_of(actor.user),
                    ReaderCommand(MarkRead{.room = room, .up_to = seq})
                );
                return;
            case 11:
                (void)world_.run(
                    actor.user,
                    stream_of(actor.user),
                    AccountCommand(RenameUser{.display_name = std::to_string(below(1'000'000))})
                );
                return;
            default: return in_room(FeedWorld::saying("text " + std::to_string(below(1'000))));
        }
    }

    FeedWorld& world_;
    std::mt19937 random_;
    std::vector<FeedWorld::Person> people_;
    std::vector<RoomId> rooms_;
};

Envelopes read_until_caught_up(FeedClient& feed) {
    Envelopes envelopes;
    while (true) {
        const auto message = feed.read();
        if (message.is_null() || message.at("type") == "caught_up") return envelopes;
        if (message.at("type") == "event") envelopes.push_back(message.at("event"));
    }
}
Envelopes read_events(FeedClient& feed, std::size_t count) {
    Envelopes envelopes;
    while (envelopes.size() < count) {
        const auto message = feed.read("event");
        if (message.is_null()) break;
        envelopes.push_back(message.at("event"));
    }
    return envelopes;
}

TEST(ResumedFeed, EqualsTheOneNeverInterrupted) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        FeedWorld world;
        Crowd crowd(world, seed);
        const Position start = world.log().head();
        std::vector<FeedClient> uninterrupted;
        for (const auto& person : crowd.people()) uninterrupted.push_back(world.live(person));
        crowd.act(600);
        const FeedModel model(world.log());
        for (std::size_t i = 0; i < crowd.people().size(); ++i) {
            const auto& person = crowd.people()[i];
            const Envelopes expected = model.live(person.user, start);
            ASSERT_EQ(read_events(uninterrupted[i], expected.size()), expected);
            for (int round = 0; round < 8; ++round) {
                const Position cursor(crowd.below(world.log().head().value() + 1));
                FeedClient resumed = world.open(person, FeedWorld::after(cursor));
                ASSERT_EQ(read_until_caught_up(resumed), model.resumed(person.user, cursor))
                    << "after " << cursor.value();
            }
        }
    }
}

TEST(ResumedFeed, ShowsOnlyTheRoomsThatItsFilterNames) {
    FeedWorld world;
    Crowd crowd(world, 7);
    crowd.act(500);
    const FeedModel model(world.log());
    for (const auto& person : crowd.people()) {
        const std::set<RoomId> filter = {crowd.rooms()[0], crowd.rooms()[2]};
        std::string query = FeedWorld::after(Position(10));
        for (const RoomId& room : filter) query += "&room=" + to_text(room);
        FeedClient feed = world.open(person, query);
        EXPECT_EQ(read_until_caught_up(feed), model.resumed(person.user, Position(10), filter));
    }
}

TEST(ResumedFeed, ShowsAnAuditorEverythingDeletedTextsIncluded) {
    FeedWorld world;
    Crowd crowd(world, 8);
    const auto& auditor = crowd.people()[0];
    (void)world.run(
        auditor.user,
        stream_of(auditor.user),
        AccountCommand(GrantRole{.role = ServerRole::auditor})
    );
    FeedClient live = world.live(auditor, "&scope=all");
    const Position start = world.log().head();
    crowd.act(500);
    const FeedModel model(world.log());
    const Envelopes expected = model.everything(start);
    EXPECT_EQ(read_events(live, expected.size()), expected);
    FeedClient resumed = world.open(auditor, "&scope=all" + FeedWorld::after(Position(0)));
    EXPECT_EQ(read_until_caught_up(resumed), model.everything(Position(0)));
    (void)world.run(
        auditor.user,
        stream_of(auditor.user),
        AccountCommand(RevokeRole{.role = ServerRole::auditor})
    );
    EXPECT_EQ(live.read_close_code(), 4403);
}

// What was deleted while a feed resumed may be read either way: only which events, in which order.
std::vector<std::uint64_t> positions_of(const Envelopes& envelopes) {
    std::vector<std::uint64_t> positions;
    for (const auto& envelope : envelopes) positions.push_back(envelope.at("position"));
    return positions;
}

TEST(ResumedFeed, BecomesLiveWithoutGapRepetitionOrReorderingWhileAllGoesOn) {
    FeedWorld world;
    Crowd crowd(world, 9);
    crowd.act(300);
    std::atomic<bool> stop{false};
    std::thread busy([&] {
        while (!stop.load()) crowd.act(1);
    });
    struct Resumed {
        FeedClient feed;
        UserId user;
        Position cursor;
        Envelopes seen;
    };
    std::vector<Resumed> feeds;
    std::mt19937 random(10);
    for (int i = 0; i < 60; ++i) {
        const auto& person = crowd.people()[random() % crowd.people().size()];
        const Position cursor(random() % (world.log().head().value() + 1));
        feeds.push_back({world.open(person, FeedWorld::after(cursor)), person.user, cursor, {}});
        // Some are caught up long before all stops, some have hardly begun.
        if (i % 3 == 0) feeds.back().seen = read_until_caught_up(feeds.back().feed);
    }
    stop = true;
    busy.join();
    const FeedModel model(world.log());
    for (std::size_t i = 0; i < feeds.size(); ++i) {
        Resumed& resumed = feeds[i];
        SCOPED_TRACE(i);
        const auto expected = positions_of(model.resumed(resumed.user, resumed.cursor));
        Envelopes rest = read_events(resumed.feed, expected.size() - resumed.seen.size());
        resumed.seen.insert(resumed.seen.end(), rest.begin(), rest.end());
        EXPECT_EQ(positions_of(resumed.seen), expected);
    }
}

TEST(ResumedFeed, WaitsForTheHubToReachItsCursorThenClosesWith1013) {
    feed::FeedOptions options;
    options.cursor_wait = std::chrono::milliseconds(100);
    options.sweep = std::chrono::milliseconds(10);
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    world.withhold_news();
    (void)world.room(alice);
    FeedClient late = world.open(alice, FeedWorld::after(world.log().head()));
    EXPECT_EQ(late.read_close_code(), 1013);
}

// Its log reaches to position 100, which it tells whoever asks, if it answers.
class LeaderAhead final : public Leader {
public:
    explicit LeaderAhead(bool answers) : answers_(answers) {}

    void call(LeaderCall, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback)
        override {
        callback(failure(LeaderCallFault::away));
    }
    bool fetch_blob(const Digest&) override { return false; }
    Expected<BroughtFile, LeaderCallFault> bring(LeaderCall) override {
        return failure(LeaderCallFault::away);
    }
    [[nodiscard]] std::optional<std::string> commands_paused() const override { return {}; }
    [[nodiscard]] Position head() const override { return head_; }
    void look() override {
        if (answers_) asked_at_ = std::chrono::steady_clock::now();
    }
    [[nodiscard]] bool is_beyond(Position position, std::chrono::steady_clock::time_point since)
        const override {
        return asked_at_.load() >= since && position > head_;
    }

private:
    const Position head_{100};
    const bool answers_;
    std::atomic<std::chrono::steady_clock::time_point> asked_at_{};
};

int closed_by_follower(Leader& leader, std::uint64_t cursor) {
    feed::FeedOptions options;
    options.cursor_wait = std::chrono::milliseconds(100);
    options.sweep = std::chrono::milliseconds(10);
    FeedWorld world(std::move(options), &leader);
    const auto alice = world.person("alice");
    return world.open(alice, FeedWorld::after(Position(cursor))).read_close_code();
}

TEST(ResumedFeed, OfAFollowerIsClosedWith1013WhereItsLeaderMayHaveGivenOutTheCursor) {
    LeaderAhead answering(true);
    EXPECT_EQ(closed_by_follower(answering, 100), 1013);
    LeaderAhead silent(false);
    EXPECT_EQ(closed_by_follower(silent, 101), 1013);
}

TEST(ResumedFeed, OfAFollowerIsClosedWith4410WhereItsLeaderHasNotGivenOutTheCursor) {
    LeaderAhead answering(true);
    EXPECT_EQ(closed_by_follower(answering, 101), 4410);
}

TEST(ResumedFeed, GoesOnWhenTheHubHasReachedItsCursor) {
    FeedWorld world;
    const auto alice = world.person("alice");
    world.withhold_news();
    const RoomId hall = world.room(alice);
    FeedClient feed = world.open(alice, FeedWorld::after(world.log().head()));
    EXPECT_EQ(feed.read("welcome").at("position"), 2);
    world.tell_news();
    EXPECT_EQ(feed.read("caught_up").at("position"), 3);
    (void)world.run(alice, hall, FeedWorld::saying("on it goes"));
    EXPECT_EQ(feed.read("event").at("event").at("position"), 4);
}

TEST(ResumedFeed, BecomesLiveWithTheMembershipsOfTheHubsPositionWhenTheViewsAreAhead) {
    FeedWorld world;
    const auto alice = world.person("alice");
    const auto bob = world.person("bob");
    const RoomId hall = world.room(alice);
    const RoomId attic = world.room(alice);
    (void)world.run(bob, attic, JoinRoom{});
    const Position start = world.log().head();
    world.withhold_news();
    (void)world.run(alice, hall, FeedWorld::saying("before he joins"));
    (void)world.run(bob, hall, JoinRoom{});
    (void)world.run(alice, hall, FeedWorld::saying("now he reads"));
    (void)world.run(alice, attic, FeedWorld::saying("he still reads"));
    (void)world.run(bob, attic, LeaveRoom{});
    (void)world.run(alice, attic, FeedWorld::saying("after he left"));
    FeedClient his = world.open(bob, FeedWorld::after(start));
    EXPECT_EQ(his.read("caught_up").at("position"), start.value());
    world.tell_news();
    const Envelopes expected = FeedModel(world.log()).live(bob.user, start);
    ASSERT_EQ(expected.size(), 4u);
    EXPECT_EQ(read_events(his, expected.size()), expected);
    // Nothing came between or comes after: the next thing he reads is the answer to this.
    his.send({{"type", "unknown"}, {"ref", "end"}});
    EXPECT_EQ(his.read().at("ref"), "end");
}

}  // namespace
}  // namespace verbatim::testing
