#include "broker/feed/bounds.hpp"
#include "broker/feed/hub.hpp"
#include "domain/limits.hpp"
#include "tests/broker/support/feed_world.hpp"

#include <sys/resource.h>

// What a feed does when something is wrong: with its client, its session, or this node.
namespace verbatim::testing {
namespace {

using Opcode = FeedClient::Opcode;

TEST(Feed, IsOpenedFromTheOriginsThatAreListedAndByWhatIsNoBrowser) {
    feed::FeedOptions options;
    options.origins = {"https://chat.example"};
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    const std::string target = "/api/v1/feed?token=" + alice.token;
    const auto from = [&](const std::string& origin) {
        return world.client().upgrade(target, {{"Origin", origin}});
    };
    EXPECT_TRUE(from("https://chat.example").starts_with("HTTP/1.1 101"));
    EXPECT_TRUE(from("http://test:8080").starts_with("HTTP/1.1 101")) << "the host that it asks";
    EXPECT_TRUE(from("https://evil.example").starts_with("HTTP/1.1 403"));
    EXPECT_TRUE(from("http://chat.example").starts_with("HTTP/1.1 403"));
    EXPECT_TRUE(from("null").starts_with("HTTP/1.1 403"));
    EXPECT_TRUE(world.client().upgrade(target).starts_with("HTTP/1.1 101"));
}

TEST(Feed, CountsTheClosesThatItsLibraryMakes) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient unmasked = world.live(alice);
    unmasked.send_raw(std::string("\x81\x02{}", 4));
    EXPECT_EQ(unmasked.read_close_code(), 1002);
    FeedClient latin = world.live(alice);
    latin.send(Opcode::text, "\"\xe4\"");
    EXPECT_EQ(latin.read_close_code(), 1007);
    FeedClient large = world.live(alice);
    large.send(Opcode::text, std::string(limits::feed_frame_bytes_max + 1, ' '));
    EXPECT_EQ(large.read_close_code(), 1009);
    FeedClient polite = world.live(alice);
    polite.send(Opcode::close, "\x03\xe8");
    EXPECT_EQ(polite.read_close_code(), 1000);
    const std::string metrics = world.metrics().text();
    for (const std::string code : {"1002", "1007", "1009"})
        EXPECT_NE(
            metrics.find("verbatim_feed_closed_total{code=\"" + code + "\"} 1"), std::string::npos
        ) << metrics;
}

// Takes every descriptor that the process may have but one.
class Shortage {
public:
    Shortage() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit low = before_;
        low.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 512);
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int taken = ::dup(0); taken >= 0; taken = ::dup(0)) taken_.push_back(taken);
        ::close(taken_.back());
        taken_.pop_back();
    }
    ~Shortage() { end(); }
    void end() {
        for (const int descriptor : taken_) ::close(descriptor);
        taken_.clear();
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }

private:
    rlimit before_{};
    std::vector<int> taken_;
};

TEST(Feed, IsAcceptedOnceThereAreDescriptorsAgain) {
    FeedWorld world;
    const auto alice = world.person("alice");
    FeedClient before = world.live(alice);
    world.expect_reports();
    Shortage shortage;
    FeedClient waiting = world.client();
    EXPECT_NE(world.report().find("cannot be accepted"), std::string::npos);
    before.send({{"type", "unknown"}, {"ref", "alive"}});
    EXPECT_EQ(before.read().at("ref"), "alive");
    shortage.end();
    EXPECT_TRUE(waiting.upgrade("/api/v1/feed?token=" + alice.token).starts_with("HTTP/1.1 101"));
    EXPECT_EQ(waiting.read().at("type"), "welcome");
}

TEST(Feed, ResumesForAUserOfThousandsOfRooms) {
    FeedWorld world;
    const auto alice = world.person("alice");
    constexpr std::size_t count = 3'000;
    std::vector<RoomId> rooms;
    std::promise<void> made;
    std::atomic<std::size_t> left{count};
    for (std::size_t i = 0; i < count; ++i) {
        rooms.emplace_back(new_uuid(system_now()));
        CreateRoom create;
        create.name = "Hall";
        create.max_members = 2;
        world.submit(
            alice.user,
            stream_of(rooms.back()),
            RoomCommand(create),
            [&](const CommandResult& result) {
                EXPECT_TRUE(result.has_value());
                if (--left == 0) made.set_value();
            }
        );
    }
    made.get_future().wait();
    const Position cursor = world.log().head();
    std::vector<std::uint64_t> positions;
    for (std::size_t i = 0; i < count; i += 100)
        positions.push_back(
            world.run(alice, rooms[count - 1 - i], FeedWorld::saying("x"))->position.value()
        );
    FeedClient resumed = world.open(alice, FeedWorld::after(cursor));
    for (const std::uint64_t position : positions)
        EXPECT_EQ(resumed.read("event").at("event").at("position"), position);
    EXPECT_EQ(resumed.read().at("type"), "caught_up");
    const auto live = world.run(alice, rooms[7], FeedWorld::saying("live"));
    EXPECT_EQ(resumed.read("event").at("event").at("position"), live->position.value());
}

// The reader takes nothing until the session has ended, so that the feed still resumes then.
TEST(Feed, ThatResumesIsToldWhyItEndsBefore4401) {
    feed::FeedOptions options;
    options.send_buffer_bytes = 16 * 1024;
    FeedWorld world(std::move(options));
    const auto alice = world.person("alice");
    const RoomId hall = world.room(alice);
    const Position cursor = world.log().head();
    constexpr int count = 1'000;
    const std::string text(4'000, 'x');
    for (int i = 0; i < count; ++i) (void)world.run(alice, hall, FeedWorld::saying(text));
    FeedClient resumed = world.open(alice, FeedWorld::after(cursor), 4'096);
    EXPECT_EQ(resumed.read().at("type"), "welcome");
    const auto closed = world.run(
        alice.user,
        stream_of(alice.user),
        AccountCommand(CloseSession{.session = alice.session, .reason = SessionEnd::revoked})
    );
    const auto elsewhere = world.log_in(alice.user);
    (void)world.run(elsewhere, hall, FeedWorld::saying("after its end"));
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(resumed.read("event").at("event").at("type"), "message.sent");
    const auto last = resumed.read("event").at("event");
    EXPECT_EQ(last.at("type"), "session.closed");
    EXPECT_EQ(last.at("position"), closed->position.value());
    const auto frame = resumed.read_frame();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->opcode, Opcode::close) << frame->payload;
    EXPECT_TRUE(frame->payload.starts_with("\x11\x31")) << "4401";
}

class Listener final : public feed::Recipient {
public:
    Listener(feed::Hub& hub, const UserId& user) : hub_(hub) { identify(user, {}, {}); }
    void take(std::span<const feed::SharedFrames>) override {}
    void flush() override {}
    void end(feed::CloseCode code) override {
        ended = code;
        hub_.leave(*this);
    }
    void end_after(Position, feed::CloseCode code) override { end(code); }

    std::optional<feed::CloseCode> ended;

private:
    feed::Hub& hub_;
};

TEST(Hub, EndsAllFeedsWhenTheLogCannotBeReadAndGoesOnBehindIt) {
    const auto log =
        open_memory_event_log(random_bytes, new_uuid(system_now()), system_now()).value();
    Views views(make_memory_storage(Views::column_names().size()));
    feed::FeedCounters counters;
    feed::Presence presence({.steady = std::chrono::steady_clock::now, .wall = system_now});
    std::vector<std::function<void()>> tasks;
    feed::Hub hub(
        {.log = *log,
         .memberships = views.memberships(),
         .counters = counters,
         .presence = presence,
         .post = [&](std::function<void()> task) { tasks.push_back(std::move(task)); },
         .now = std::chrono::steady_clock::now,
         .tell_others = {}}
    );
    const RoomId room(new_uuid(system_now()));
    const auto batch_of = [&](std::uint64_t first, std::uint64_t count) {
        auto batch = std::make_shared<CommittedBatch>();
        for (std::uint64_t i = first; i < first + count; ++i)
            batch->events.push_back(
                {.position = Position(i),
                 .stream = stream_of(room),
                 .version = Version(i),
                 .id = {},
                 .command = {},
                 .at = {},
                 .occurred_at = {},
                 .actor = {},
                 .key = {},
                 .event = RoomEvent(RoomArchived{})}
            );
        return batch;
    };
    Listener live(hub, UserId(new_uuid(system_now())));
    Listener resuming(hub, UserId(new_uuid(system_now())));
    hub.enter(live);
    hub.enter(resuming);
    ASSERT_TRUE(hub.go_live(live).has_value());
    // More than the hub holds: it has to look into the log, which does not have it.
    hub.announce(batch_of(1, 1));
    hub.announce(batch_of(2, feed::bounds::hub_pending_events_max));
    const auto run_all = [&] {
        while (!tasks.empty()) {
            for (const auto& task : std::exchange(tasks, {})) task();
        }
    };
    run_all();
    EXPECT_EQ(live.ended, feed::CloseCode::internal);
    EXPECT_EQ(resuming.ended, feed::CloseCode::internal);
    const std::uint64_t skipped = 1 + feed::bounds::hub_pending_events_max;
    EXPECT_EQ(hub.position(), Position(skipped));
    hub.announce(batch_of(skipped + 1, 1));
    run_all();
    EXPECT_EQ(hub.position(), Position(skipped + 1));
}

}  // namespace
}  // namespace verbatim::testing
