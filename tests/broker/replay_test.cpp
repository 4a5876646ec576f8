#include "broker/feed/replay_pace.hpp"
#include "broker/feed/replay_server.hpp"
#include "broker/feed/replay_viewer.hpp"
#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/ws_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace verbatim::testing {

namespace {

using feed::ReplayFigures;
using feed::ReplayOptions;
using feed::ReplayPace;
using feed::ReplayServer;
using feed::ReplayViewer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto harbour = numbered_id<RoomId>(3);
const auto garden = numbered_id<RoomId>(4);

Event joined(const UserId& user) {
    MemberJoined event;
    event.user = user;
    return RoomEvent(event);
}
Event left(const UserId& user) {
    return RoomEvent(MemberLeft{.user = user});
}

// --- the pace

RecordedEvent at(std::int64_t milliseconds, std::optional<std::int64_t> occurred = std::nullopt) {
    RecordedEvent event;
    event.at = Timestamp(milliseconds * 1'000);
    if (occurred) event.occurred_at = Timestamp(*occurred * 1'000);
    return event;
}
const ReplayPace::Time start{1h};

TEST(ReplayPaceOfLogTimes, IsThatOfHistory) {
    ReplayPace pace(1, std::nullopt);
    EXPECT_EQ(pace.due(at(5'000), start), start);
    EXPECT_EQ(pace.due(at(5'300), start), start + 300ms);
    EXPECT_EQ(pace.due(at(65'300), start + 300ms), start + 60'300ms);
}

TEST(ReplayPaceOfLogTimes, IsAMultipleOfIt) {
    ReplayPace fast(10, std::nullopt);
    ReplayPace slow(0.5, std::nullopt);
    EXPECT_EQ(fast.due(at(0), start), start);
    EXPECT_EQ(fast.due(at(1'000), start), start + 100ms);
    EXPECT_EQ(slow.due(at(0), start), start);
    EXPECT_EQ(slow.due(at(1'000), start), start + 2s);
}

TEST(ReplayPaceOfLogTimes, HasNoPausesWhereThereIsNoPace) {
    ReplayPace pace(std::nullopt, std::nullopt);
    EXPECT_EQ(pace.due(at(0), start), start);
    EXPECT_EQ(pace.due(at(1'000'000), start + 1ms), start + 1ms);
}

TEST(ReplayPaceOfLogTimes, CutsLongPauses) {
    ReplayPace pace(2, 3s);
    EXPECT_EQ(pace.due(at(0), start), start);
    EXPECT_EQ(pace.due(at(4'000), start), start + 2s);
    EXPECT_EQ(pace.due(at(86'400'000), start + 2s), start + 5s);
}

// An import of an evening in 2005, made in one second.
TEST(ReplayPaceOfImports, IsThatOfTheEveningAndNotOfTheImport) {
    ReplayPace pace(1, std::nullopt);
    EXPECT_EQ(pace.due(at(900'000'000), start), start);
    EXPECT_EQ(pace.due(at(900'000'010, 1'000), start), start + 10ms);
    EXPECT_EQ(pace.due(at(900'000'011, 61'000), start + 10ms), start + 60'010ms);
    EXPECT_EQ(pace.due(at(900'000'012, 31'000), start + 60'010ms), start + 60'010ms)
        << "a clock that goes back takes no time";
    EXPECT_EQ(pace.due(at(900'000'022), start + 60'010ms), start + 60'020ms);
}

TEST(ReplayPaceOfASlowReader, DoesNotHurryAfterwards) {
    ReplayPace pace(1, std::nullopt);
    EXPECT_EQ(pace.due(at(0), start), start);
    EXPECT_EQ(pace.due(at(100), start + 90s), start + 90s);
    EXPECT_EQ(pace.due(at(300), start + 90s), start + 90s + 200ms);
}

// --- the viewer and the feed

// 1 alice  2 bob  3 room harbour  4 "before bob"  5 bob joins  6 "hello"  7 bob leaves
// 8 "after bob"  9 room garden of bob  10 alice has read harbour up to 4  11 alice deletes 6
class Replay : public ::testing::Test {
protected:
    Replay() {
        log =
            std::move(open_memory_event_log(counted_bytes(), numbered_uuid(9), Timestamp(1)).value()
            );
        LogScribe scribe(*log);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(bob), bob, {registered("bob")});
        scribe.write(stream_of(harbour), alice, {room_created("harbour")});
        scribe.write(stream_of(harbour), alice, {sent("before bob")});
        scribe.write(stream_of(harbour), bob, {joined(bob)});
        scribe.write(stream_of(harbour), alice, {sent("hello")});
        scribe.write(stream_of(harbour), bob, {left(bob)});
        scribe.write(stream_of(harbour), alice, {sent("after bob")});
        scribe.write(stream_of(garden), bob, {room_created()});
        const Event read = ReaderEvent(RoomRead{.room = harbour, .up_to = Version(4)});
        scribe.write(reader_stream_of(alice), alice, {read});
        scribe.write(stream_of(harbour), alice, {deleted(Version(4))});
        EXPECT_TRUE(scribe.commit().has_value());
        events = scribe.written();
    }
    ~Replay() override {
        if (running.joinable()) {
            interrupt_it();
            running.join();
        }
        ::close(interrupt);
    }

    // Starts it on a thread of its own.
    void run(ReplayOptions options) {
        if (options.to == Position()) options.to = log->head();
        server = std::make_unique<ReplayServer>(*log, options);
        const auto started = server->start();
        ASSERT_TRUE(started.has_value()) << started.error();
        running = std::thread([this] { outcome = server->run(interrupt, {}); });
    }
    ReplayFigures end() {
        running.join();
        EXPECT_TRUE(outcome.has_value()) << outcome.error();
        return outcome.value_or(ReplayFigures());
    }
    void interrupt_it() const {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(interrupt, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    }
    WsClient client(const std::string& target = "/api/v1/feed") const {
        return WsClient({.port = server->port(), .target = target, .token = {}, .subprotocols = {}}
        );
    }
    // All events, and past the close, which the replay waits for.
    static std::vector<nlohmann::json> whole(WsClient& client) {
        auto events = client.read_until_caught_up();
        EXPECT_EQ(client.close_code(), 1001u);
        return events;
    }
    static std::vector<std::uint64_t> positions(const std::vector<nlohmann::json>& envelopes) {
        std::vector<std::uint64_t> found;
        for (const auto& envelope : envelopes) found.push_back(envelope.at("position"));
        return found;
    }

    std::unique_ptr<EventLog> log;
    std::vector<RecordedEvent> events;
    const int interrupt = ::eventfd(0, EFD_CLOEXEC);
    std::unique_ptr<ReplayServer> server;
    std::thread running;
    Expected<ReplayFigures, std::string> outcome;
};

TEST_F(Replay, ShowsAUserWhatTheirFeedHasShown) {
    const auto seen_by = [&](const UserId& user) {
        ReplayViewer viewer(user);
        std::vector<std::uint64_t> seen;
        for (const RecordedEvent& event : events)
            if (viewer.sees(event)) seen.push_back(event.position.value());
        return seen;
    };
    EXPECT_THAT(seen_by(bob), ElementsAre(2, 5, 6, 7, 9));
    EXPECT_THAT(seen_by(alice), ElementsAre(1, 3, 4, 5, 6, 7, 8, 10, 11));
    EXPECT_THAT(seen_by(numbered_id<UserId>(77)), IsEmpty());
}

TEST_F(Replay, IsAFeedWithABeginningAndAnEnd) {
    run({});
    WsClient auditor = client();
    const auto welcome = auditor.read();
    ASSERT_TRUE(welcome.has_value());
    EXPECT_EQ(welcome->at("type"), "welcome");
    EXPECT_EQ(welcome->at("position"), 0);
    EXPECT_EQ(welcome->at("epoch"), base32_text(numbered_uuid(9)));
    const auto replayed = whole(auditor);
    EXPECT_THAT(positions(replayed), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    EXPECT_EQ(replayed.at(5).at("data").at("text"), "hello");
    const ReplayFigures figures = end();
    EXPECT_EQ(figures.events, 11u);
    EXPECT_EQ(figures.reached, Position(11));
}

TEST_F(Replay, EndsWhereItIsToldTo) {
    run({.to = Position(6)});
    WsClient auditor = client();
    EXPECT_THAT(positions(whole(auditor)), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_EQ(end().reached, Position(6));
}

TEST_F(Replay, IsThatOfOneUserWhereItIsToldTo) {
    run({.as = bob});
    WsClient as_bob = client();
    EXPECT_EQ(as_bob.read()->at("user_id"), to_text(bob));
    EXPECT_THAT(positions(whole(as_bob)), ElementsAre(2, 5, 6, 7, 9));
    EXPECT_EQ(end().events, 5u);
}

TEST_F(Replay, ShowsEachClientTheRoomsItAsksFor) {
    run({.clients = 3});
    WsClient all = client();
    WsClient one = client("/api/v1/feed?room=" + to_text(garden));
    WsClient chat = client("/ws/chat/" + to_text(harbour));
    EXPECT_THAT(whole(all), SizeIs(11));
    EXPECT_THAT(positions(whole(one)), ElementsAre(9));
    EXPECT_THAT(positions(whole(chat)), ElementsAre(3, 4, 5, 6, 7, 8, 10, 11));
    EXPECT_EQ(end().deliveries, 20u);
}

TEST_F(Replay, IsNarrowedToOneRoom) {
    run({.room = garden});
    WsClient auditor = client();
    EXPECT_THAT(positions(whole(auditor)), ElementsAre(9));
    end();
}

TEST_F(Replay, GoesOnAfterAClientsCursor) {
    run({});
    WsClient resumed = client("/api/v1/feed?after=9&epoch=" + base32_text(numbered_uuid(9)));
    EXPECT_THAT(positions(whole(resumed)), ElementsAre(10, 11));
    end();
}

TEST_F(Replay, KnowsNoCursorOfAnotherEpochOrBeyondItsEnd) {
    run({.clients = 2});
    WsClient of_another = client("/api/v1/feed?after=3&epoch=" + base32_text(numbered_uuid(5)));
    EXPECT_EQ(of_another.close_code(), 4410u);
    WsClient beyond = client("/api/v1/feed?after=12");
    EXPECT_EQ(beyond.close_code(), 4410u);
}

TEST_F(Replay, BeginsWhenAllClientsAreThere) {
    run({.clients = 2});
    WsClient first = client();
    EXPECT_EQ(first.read()->at("type"), "welcome");
    WsClient second = client();
    EXPECT_THAT(whole(first), SizeIs(11));
    EXPECT_THAT(whole(second), SizeIs(11));
    EXPECT_EQ(end().deliveries, 22u);
}

TEST_F(Replay, WaitsForNobodyWhereItIsToldTo) {
    run({.clients = 0});
    EXPECT_EQ(end().events, 11u);
}

TEST_F(Replay, TakesNoCommands) {
    run({.clients = 2});
    WsClient auditor = client();
    auditor.send({{"type", "send"}, {"ref", 1}, {"room_id", to_text(harbour)}, {"text", "new"}});
    const auto answer = auditor.read_until("problem");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->at("problem").at("code"), "not_allowed");
}

TEST_F(Replay, RefusesWhatIsNoFeed) {
    run({.clients = 2});
    EXPECT_EQ(client("/api/v1/nothing").handshake_status(), 404);
    EXPECT_EQ(client("/api/v1/feed?after=soon").handshake_status(), 400);
}

TEST_F(Replay, TellsItsClientsWhenItIsInterrupted) {
    run({.clients = 2});
    WsClient auditor = client();
    EXPECT_EQ(auditor.read()->at("type"), "welcome");
    interrupt_it();
    EXPECT_EQ(auditor.close_code(), 1001u);
    EXPECT_EQ(end().events, 0u);
}

// More than all buffers between the two hold: what is held for it is bounded, and nothing is lost.
TEST_F(Replay, WaitsForASlowReader) {
    LogScribe scribe(*log);
    const std::string text(10'000, 'x');
    for (int batch = 0; batch < 8; ++batch) {
        for (int i = 0; i < 250; ++i) scribe.write(stream_of(harbour), alice, {sent(text)});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    run({});
    WsClient slow = client();
    EXPECT_EQ(slow.read()->at("type"), "welcome");
    EXPECT_THAT(whole(slow), SizeIs(2'011));
    EXPECT_EQ(end().events, 2'011u);
}

}  // namespace

}  // namespace verbatim::testing
