#include "tools/accept_loss.hpp"

#include "domain/server.hpp"
#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/engine.hpp"
#include "tools/epoch.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;

const auto alice = numbered_id<UserId>(1);
const auto room = numbered_id<RoomId>(2);

// Data whose log loses what was written after a moment, under tree heads that know of it.
class AcceptLoss : public ::testing::Test {
protected:
    void SetUp() override {
        with_log([](EventLog& log) {
            LogScribe scribe(log);
            scribe.write(stream_of(alice), alice, {registered("alice")});
            scribe.write(stream_of(room), alice, {room_created()});
            scribe.write(stream_of(room), alice, {sent("kept")});
            ASSERT_TRUE(scribe.commit().has_value());
        });
    }
    template <class Work>
    void with_log(const Work& work) {
        auto log = open_rocks_event_log(
            (data / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value()) << describe(log.error());
        work(**log);
        ASSERT_TRUE(begin_tree_heads(data, **log).has_value());
    }
    void say(const std::string& text, int times = 1) {
        with_log([&](EventLog& log) {
            LogScribe scribe(log);
            for (int i = 0; i < times; ++i) scribe.write(stream_of(room), alice, {sent(text)});
            ASSERT_TRUE(scribe.commit().has_value());
        });
    }
    void keep_a_copy() {
        fs::copy(data / "log", folder.path() / "older", fs::copy_options::recursive);
    }
    void lose_what_came_after_the_copy() {
        fs::remove_all(data / "log");
        fs::rename(folder.path() / "older", data / "log");
    }
    int accept() const { return accept_loss({.data = data, .json = true}); }
    std::unique_ptr<Engine> open_engine() const {
        EngineOptions options;
        options.data = data;
        options.report = [](const std::string&) {};
        auto engine = Engine::open(std::move(options));
        EXPECT_TRUE(engine.has_value()) << describe(engine.error());
        return engine ? std::move(*engine) : nullptr;
    }
    // The last event, which must be the beginning of an epoch.
    static EpochBegun begun_in(const EventLog& log) {
        const auto event = log.read(log.head());
        if (!event) return {};
        const auto* const server = std::get_if<ServerEvent>(&event->event);
        const auto* const begun = server ? std::get_if<EpochBegun>(server) : nullptr;
        EXPECT_NE(begun, nullptr);
        return begun ? *begun : EpochBegun{};
    }

    TemporaryFolder folder;
    const fs::path data = folder.path() / "data";
};

TEST_F(AcceptLoss, BeginsAnEpochThatSaysWhichPositionsAreGone) {
    keep_a_copy();
    say("lost", 4);
    lose_what_came_after_the_copy();
    ASSERT_TRUE(open_engine()->declared_loss().has_value());
    ASSERT_EQ(accept(), 0);

    const auto engine = open_engine();
    EXPECT_EQ(engine->declared_loss(), std::nullopt) << "commands are taken again";
    EXPECT_EQ(engine->log().head(), Position(4));
    EXPECT_NE(engine->log().epoch(), numbered_uuid(9));
    const EpochBegun wanted{
        .cause = EpochCause::loss_accepted,
        .previous = numbered_uuid(9),
        .kept_to = Position(3),
        .lost_to = Position(7)};
    EXPECT_EQ(begun_in(engine->log()), wanted);
    EXPECT_TRUE(fs::exists(data / ("checkpoint." + base32_text(numbered_uuid(9)))));
}

TEST_F(AcceptLoss, KeepsWhatATreeHeadVouchesForWhereTheLogDiffers) {
    keep_a_copy();
    say("lost", 4);
    lose_what_came_after_the_copy();
    {
        auto log = open_rocks_event_log(
            (data / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value());
        LogScribe scribe(**log);
        for (int i = 0; i < 6; ++i) scribe.write(stream_of(room), alice, {sent("other")});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    ASSERT_EQ(accept(), 0);
    const auto engine = open_engine();
    EXPECT_EQ(engine->declared_loss(), std::nullopt);
    EXPECT_EQ(begun_in(engine->log()).kept_to, Position(3));
    EXPECT_EQ(begun_in(engine->log()).lost_to, Position(7));
}

TEST_F(AcceptLoss, DoesNotKnowWhatIsGoneWhereTheTreeHeadsAreGoneToo) {
    fs::remove(data / "checkpoint");
    ASSERT_EQ(accept(), 0);
    const auto engine = open_engine();
    EXPECT_EQ(engine->declared_loss(), std::nullopt);
    EXPECT_EQ(begun_in(engine->log()).kept_to, Position(3));
    EXPECT_EQ(begun_in(engine->log()).lost_to, std::nullopt);
}

TEST_F(AcceptLoss, IsRefusedWhereNothingIsLost) {
    EXPECT_EQ(accept(), 1);
    EXPECT_EQ(open_engine()->log().head(), Position(3));
}

TEST_F(AcceptLoss, CanBeDoneAgainAfterACrashBetweenItsSteps) {
    keep_a_copy();
    say("lost", 4);
    lose_what_came_after_the_copy();
    {
        auto log = open_rocks_event_log(
            (data / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value());
        ASSERT_TRUE(
            begin_epoch(
                **log,
                {.cause = EpochCause::loss_accepted, .kept_to = Position(3), .lost_to = Position(7)}
            )
                .has_value()
        );
    }
    EXPECT_TRUE(open_engine()->declared_loss().has_value()) << "half of it is not enough";
    ASSERT_EQ(accept(), 0);
    EXPECT_EQ(open_engine()->declared_loss(), std::nullopt);
}

}  // namespace

}  // namespace verbatim::testing
