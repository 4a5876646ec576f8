#include "tools/log/log_source.hpp"

#include "eventstore/event_log.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/log/log_commands.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto harbour = numbered_id<RoomId>(3);
const auto garden = numbered_id<RoomId>(4);

// A log on disk, still open to be written, and what the log's tools read of it.
//  1 alice registers      5 room garden             9 alice deletes message 2 of harbour
//  2 bob registers        6 bob: "over here"       10 alice has read harbour up to 5
//  3 room harbour         7 bob edits it           11 alice: "HELLO again", imported from 2005
//  4 alice: "hello bob"   8 bob: "bye" in garden
class StoredLogSource : public ::testing::Test {
protected:
    void SetUp() override {
        auto opened = open_rocks_event_log(
            (folder.path() / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(opened.has_value()) << describe(opened.error());
        log = std::move(*opened);
        scribe = std::make_unique<LogScribe>(*log);
        scribe->write(stream_of(alice), alice, {registered("alice")});
        scribe->write(stream_of(bob), bob, {registered("bob")});
        scribe->write(stream_of(harbour), alice, {room_created("harbour")});
        scribe->write(stream_of(harbour), alice, {sent("hello bob")});
        scribe->write(stream_of(garden), bob, {room_created()});
        scribe->write(stream_of(harbour), bob, {sent("over here")});
        scribe->write(stream_of(harbour), bob, {edited(Version(3), "over there, hello")});
        scribe->write(stream_of(garden), bob, {sent("bye")});
        scribe->write(stream_of(harbour), alice, {deleted(Version(2))});
        const Event read = ReaderEvent(RoomRead{.room = harbour, .up_to = Version(5)});
        scribe->write(reader_stream_of(alice), alice, {read});
        scribe->write(stream_of(harbour), alice, {sent("HELLO again")});
        scribe->batch().events.back().occurred_at = imported_at;
        ASSERT_TRUE(scribe->commit().has_value());
    }
    std::unique_ptr<LogSource> open() {
        auto source = open_stored_log(folder.path(), interrupt);
        EXPECT_TRUE(source.has_value()) << source.error();
        return std::move(*source);
    }
    static std::vector<std::uint64_t> rest_of(LogSource& source) {
        std::vector<std::uint64_t> positions;
        while (true) {
            const auto event = source.next();
            EXPECT_TRUE(event.has_value()) << event.error();
            if (!event || !*event) return positions;
            positions.push_back((*event)->position.value());
        }
    }
    std::vector<std::uint64_t> positions_of(const LogQuery& query) {
        const auto source = open();
        EXPECT_TRUE(source->begin(query).has_value());
        return rest_of(*source);
    }
    static TextPattern pattern(
        const std::string& text, LetterCase letter_case, PatternKind kind = PatternKind::plain
    ) {
        return TextPattern::make(text, kind, letter_case).value();
    }

    const Timestamp imported_at{1'119'873'600'000'000};  // 2005-06-27T12:00:00Z
    TemporaryFolder folder;
    Interrupt interrupt;
    std::unique_ptr<EventLog> log;
    std::unique_ptr<LogScribe> scribe;
};

TEST_F(StoredLogSource, GivesEveryEventInOrderBesideItsWriter) {
    EXPECT_THAT(positions_of({}), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

TEST_F(StoredLogSource, GivesOnlyWhatAFilterLetsThrough) {
    EXPECT_THAT(positions_of({.after = Position(9)}), ElementsAre(10, 11));
    EXPECT_THAT(positions_of({.after = Position(3), .up_to = Position(5)}), ElementsAre(4, 5));
    EXPECT_THAT(positions_of({.room = harbour}), ElementsAre(3, 4, 6, 7, 9, 10, 11));
    EXPECT_THAT(positions_of({.room = garden}), ElementsAre(5, 8));
    EXPECT_THAT(positions_of({.actor = bob}), ElementsAre(2, 5, 6, 7, 8));
    EXPECT_THAT(positions_of({.room = harbour, .actor = bob}), ElementsAre(6, 7));
    EXPECT_THAT(positions_of({.types = {"message.deleted"}}), ElementsAre(9));
    EXPECT_THAT(positions_of({.types = {"room.created", "room.read"}}), ElementsAre(3, 5, 10));
    EXPECT_THAT(positions_of({.types = {"message.*"}}), ElementsAre(4, 6, 7, 8, 9, 11));
}

TEST_F(StoredLogSource, FindsTextsInMessagesAndEdits) {
    EXPECT_THAT(positions_of({.text = pattern("hello", LetterCase::matters)}), ElementsAre(4, 7));
    EXPECT_THAT(
        positions_of({.text = pattern("hello", LetterCase::ignored)}), ElementsAre(4, 7, 11)
    );
    EXPECT_THAT(
        positions_of(
            {.text = pattern("^b.e$", LetterCase::matters, PatternKind::regular_expression)}
        ),
        ElementsAre(8)
    );
}

TEST_F(StoredLogSource, TellsTimeAsItWasRecordedOrAsItHappened) {
    const Timestamp at_6 = scribe->written().at(5).at;
    const Timestamp at_8 = scribe->written().at(7).at;
    EXPECT_THAT(positions_of({.since = at_6, .until = at_8}), ElementsAre(6, 7));
    EXPECT_THAT(positions_of({.since = imported_at, .time = TimeMeant::recorded}), IsEmpty());
    EXPECT_THAT(positions_of({.since = imported_at, .time = TimeMeant::occurred}), ElementsAre(11));
    EXPECT_THAT(
        positions_of({.after = Position(9), .until = imported_at, .time = TimeMeant::occurred}),
        ElementsAre(10)
    );
}

TEST_F(StoredLogSource, KnowsNamesBothWays) {
    const auto source = open();
    EXPECT_EQ(source->find_user("bob").value(), bob);
    EXPECT_EQ(source->find_user("nobody").value(), std::nullopt);
    EXPECT_EQ(source->find_room("harbour").value(), harbour);
    EXPECT_EQ(source->name_of(alice), "alice");
    EXPECT_EQ(source->name_of(numbered_id<UserId>(77)), std::nullopt);
    EXPECT_EQ(source->name_of(harbour), "#harbour");
    EXPECT_EQ(source->name_of(garden), "Harbour");
}

TEST_F(StoredLogSource, KnowsWhatBecameOfAMessage) {
    const auto source = open();
    const auto deleted_one = source->fate_of(harbour, Version(2));
    const auto edited_one = source->fate_of(harbour, Version(3));
    const auto plain_one = source->fate_of(garden, Version(2));
    ASSERT_TRUE(deleted_one && edited_one && plain_one);
    EXPECT_TRUE(deleted_one->is_deleted);
    EXPECT_TRUE(edited_one->is_edited && !edited_one->is_deleted);
    EXPECT_FALSE(plain_one->is_edited || plain_one->is_deleted);
}

TEST_F(StoredLogSource, GoesOnWithWhatIsWrittenLater) {
    const auto source = open();
    ASSERT_TRUE(source->begin({.after = Position(11)}).has_value());
    EXPECT_THAT(rest_of(*source), IsEmpty());
    scribe->write(stream_of(garden), alice, {sent("late")});
    ASSERT_TRUE(scribe->commit().has_value());
    ASSERT_TRUE(source->wait_for_more().value());
    EXPECT_THAT(rest_of(*source), ElementsAre(12));
}

TEST_F(StoredLogSource, StopsWaitingWhenItIsInterrupted) {
    const auto source = open();
    ASSERT_TRUE(source->begin({}).has_value());
    ::raise(SIGINT);
    EXPECT_FALSE(source->wait_for_more().value());
    EXPECT_THAT(rest_of(*source), IsEmpty());
}

TEST_F(StoredLogSource, SaysWhereThereIsNoLog) {
    const auto source = open_stored_log(folder.path() / "nowhere", interrupt);
    ASSERT_FALSE(source.has_value());
    EXPECT_THAT(source.error(), HasSubstr("nowhere"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "nowhere"));
}

TEST_F(StoredLogSource, ChangesNothing) {
    log.reset();
    const auto directory = folder.path() / "log";
    const auto files = [&] {
        std::map<std::string, std::uintmax_t> found;
        for (const auto& file : std::filesystem::directory_iterator(directory))
            found[file.path().filename().string()] = file.file_size();
        return found;
    };
    const auto before = files();
    positions_of({});
    EXPECT_EQ(files(), before);
}

class LastEvents : public StoredLogSource {
protected:
    std::vector<std::uint64_t> last(LogQuery query, std::size_t lines) {
        const auto source = open();
        std::vector<std::uint64_t> positions;
        const auto events = last_events(*source, std::move(query), lines);
        EXPECT_TRUE(events.has_value()) << events.error();
        for (const LogEvent& event : *events) positions.push_back(event.position.value());
        return positions;
    }
};

TEST_F(LastEvents, AreTheLastThatMatchInOrder) {
    EXPECT_THAT(last({}, 3), ElementsAre(9, 10, 11));
    EXPECT_THAT(last({.actor = bob}, 2), ElementsAre(7, 8));
    EXPECT_THAT(last({.after = Position(7), .actor = bob}, 2), ElementsAre(8));
    EXPECT_THAT(last({}, 0), IsEmpty());
    EXPECT_THAT(last({}, 100), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

// More than the pieces that are read backwards hold.
TEST_F(LastEvents, AreFoundFarBeforeTheEnd) {
    for (int batch = 0; batch < 7; ++batch) {
        for (int i = 0; i < 1'000; ++i) scribe->write(stream_of(garden), alice, {sent("x")});
        ASSERT_TRUE(scribe->commit().has_value());
    }
    EXPECT_THAT(last({.actor = bob}, 3), ElementsAre(6, 7, 8));
    EXPECT_THAT(last({}, 2), ElementsAre(7010, 7011));
}

}  // namespace

}  // namespace verbatim::testing
