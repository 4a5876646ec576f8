#include "tools/replay_into.hpp"

#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "eventstore/rocks_storage.hpp"
#include "projections/views.hpp"
#include "protocol/random.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/engine.hpp"
#include "tools/stored_log.hpp"

#include <csignal>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const auto alice = numbered_id<UserId>(1);
const auto room = numbered_id<RoomId>(2);

// 1 alice  2 room  3 "one"  4 "two"  5 an edit of "one"  6 "two" is destroyed  7 "three", keyed
class ReplayInto : public ::testing::Test {
protected:
    ReplayInto() {
        LogScribe scribe(*log);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(room), alice, {room_created("harbour")});
        scribe.write(stream_of(room), alice, {sent("one")});
        scribe.write(stream_of(room), alice, {sent("two")});
        scribe.write(stream_of(room), alice, {edited(Version(2), "one, better")});
        scribe.write(stream_of(room), alice, {destroyed(Version(3))});
        scribe.batch().destroyed.contents.push_back({Position(4)});
        scribe.write(stream_of(room), alice, {sent("three")}, key_numbered(5));
        EXPECT_TRUE(scribe.commit().has_value());
    }
    StoreResult<ReplayedInto> replay_to(std::uint64_t position) {
        return replay_into(*log, Position(position), into, interrupt, {});
    }
    std::unique_ptr<EventLog> copy() const {
        auto opened = open_log_to_read(into);
        EXPECT_TRUE(opened.has_value()) << describe(opened.error());
        return opened.has_value() ? std::move(*opened) : nullptr;
    }
    [[nodiscard]] std::unique_ptr<Engine> lead() const {
        EngineOptions options;
        options.data = into;
        options.disk_reserve_bytes = 0;
        options.report = [](const std::string& what) { ADD_FAILURE() << what; };
        auto engine = Engine::open(std::move(options));
        EXPECT_TRUE(engine.has_value()) << describe(engine.error());
        EXPECT_TRUE((*engine)->catch_up({}).has_value());
        (*engine)->start();
        return std::move(*engine);
    }
    static CommandResult run(Engine& engine, RoomCommand command) {
        std::promise<CommandResult> promise;
        engine.sequencer().submit(
            {.stream = stream_of(room),
             .command = std::move(command),
             .actor = alice,
             .id = CommandId(new_uuid(system_now())),
             .key = std::nullopt,
             .if_match = std::nullopt,
             .occurred_at = std::nullopt},
            [&](CommandResult result) { promise.set_value(std::move(result)); }
        );
        return promise.get_future().get();
    }
    void expect_equal(const EventLog& copied, std::uint64_t to) const {
        EXPECT_EQ(copied.head(), Position(to));
        EXPECT_EQ(copied.epoch(), log->epoch());
        EXPECT_EQ(copied.created_at(), log->created_at());
        EXPECT_EQ(copied.tree_head().second, root_at(to, log->tree_nodes()).value());
        for (std::uint64_t position = 1; position <= to; ++position) {
            const auto original = log->read_stored(Position(position)).value();
            const auto same = copied.read_stored(Position(position)).value();
            EXPECT_EQ(same.record, original.record) << position;
            ASSERT_EQ(same.contents.size(), original.contents.size());
            for (std::size_t i = 0; i < same.contents.size(); ++i) {
                ASSERT_EQ(same.contents[i].has_value(), original.contents[i].has_value());
                if (!same.contents[i]) continue;
                EXPECT_EQ(same.contents[i]->salt, original.contents[i]->salt);
                EXPECT_EQ(same.contents[i]->bytes, original.contents[i]->bytes);
            }
        }
    }

    TemporaryFolder folder;
    const fs::path into = folder.path() / "copy";
    Interrupt interrupt;
    std::unique_ptr<EventLog> log =
        std::move(open_memory_event_log(counted_bytes(), numbered_uuid(9), Timestamp(1)).value());
};

TEST_F(ReplayInto, MakesTheSameLog) {
    const auto done = replay_to(7);
    ASSERT_TRUE(done.has_value()) << describe(done.error());
    EXPECT_EQ(done->reached, Position(7));
    EXPECT_FALSE(done->lacks_texts);
    const auto copied = copy();
    expect_equal(*copied, 7);
    EXPECT_EQ(copied->holder_of({ClaimKind::username, "alice"}).value(), alice.value());
    EXPECT_EQ(copied->holder_of({ClaimKind::alias, "harbour"}).value(), room.value());
    EXPECT_TRUE(copied->remembered(key_numbered(5).key).value().has_value());
}

TEST_F(ReplayInto, StopsWhereItIsToldTo) {
    ASSERT_TRUE(replay_to(3).has_value());
    expect_equal(*copy(), 3);
}

TEST_F(ReplayInto, BuildsTheViews) {
    ASSERT_TRUE(replay_to(7).has_value());
    auto storage =
        open_rocks_storage_to_read({.directory = into / "views", .columns = Views::column_names()});
    ASSERT_TRUE(storage.has_value()) << describe(storage.error());
    const auto views = folded_views(std::move(*storage)).value();
    EXPECT_FALSE(views.empty());
    for (const FoldedView& view : views) EXPECT_EQ(view.position, Position(7)) << view.name;
}

// A node of its own: with keys of its own, and no loss to declare.
TEST_F(ReplayInto, MakesWhatANodeStartsOn) {
    ASSERT_TRUE(replay_to(7).has_value());
    EXPECT_FALSE(fs::exists(into / "keys"));
    EXPECT_FALSE(fs::exists(into / "checkpoint"));
    const auto engine = lead();
    EXPECT_EQ(engine->sequencer().pause_reason(), std::nullopt);
}

TEST_F(ReplayInto, LacksWhatWasDestroyedLaterAndCanLeadAllTheSame) {
    const auto done = replay_to(5);
    ASSERT_TRUE(done.has_value()) << describe(done.error());
    EXPECT_TRUE(done->lacks_texts);
    expect_equal(*copy(), 5);
    for (const char* const when : {"at its first start", "at the next"}) {
        SCOPED_TRACE(when);
        const auto engine = lead();
        EXPECT_EQ(engine->sequencer().pause_reason(), std::nullopt);
        const auto event = engine->log().read(Position(4));
        ASSERT_TRUE(event.has_value()) << describe(event.error());
        EXPECT_EQ(std::get<MessageSent>(std::get<RoomEvent>(event->event)).text, std::nullopt);
        const auto shown = engine->views().timeline().message(room, Version(3));
        EXPECT_THAT(shown.value().value(), HasSubstr(R"("text":null)"));
        SendMessage said;
        said.text = "and goes on from there";
        EXPECT_TRUE(run(*engine, said));
    }
    const auto later = copy()->read(Position(6));
    EXPECT_EQ(
        std::get<MessageSent>(std::get<RoomEvent>(later->event)).text, "and goes on from there"
    );
}

// Only of what it was copied without: a text that is lost afterwards is an error.
TEST_F(ReplayInto, MissesWhatIsLostLater) {
    ASSERT_TRUE(replay_to(5).has_value());
    SendMessage said;
    said.text = "to be lost";
    EXPECT_TRUE(run(*lead(), said));
    {
        auto storage = *open_log_storage(into / "log");
        auto batch = storage->new_batch();
        batch->erase(EventLog::contents, content_key(Position(6), 0));
        ASSERT_TRUE(storage->write(std::move(batch), Durability::synced));
    }
    const auto event = copy()->read(Position(6));
    ASSERT_FALSE(event.has_value());
    EXPECT_EQ(event.error().fault, StoreFault::missing_content);
}

TEST_F(ReplayInto, TakesOnlyAnEmptyDirectory) {
    fs::create_directories(into);
    std::ofstream(into / "mine") << "precious";
    const auto refused = replay_to(7);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().fault, StoreFault::cannot_open);
    EXPECT_TRUE(fs::exists(into / "mine"));
    EXPECT_FALSE(fs::exists(into / "log"));
}

TEST_F(ReplayInto, LeavesNothingBehindWhenItIsInterrupted) {
    ::raise(SIGINT);
    const auto done = replay_to(7);
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->reached, Position());
    EXPECT_TRUE(fs::is_empty(into));
}

}  // namespace

}  // namespace verbatim::testing
