#include "eventstore/event_log.hpp"

#include "eventstore/rocks_storage.hpp"
#include "tests/eventstore/event_log_committing_contract.hpp"
#include "tests/eventstore/event_log_indexes_contract.hpp"
#include "tests/eventstore/event_log_opening_contract.hpp"
#include "tests/eventstore/event_log_reading_contract.hpp"
#include "tests/support/faulty_disk.hpp"
#include "tests/support/temporary_folder.hpp"

namespace verbatim::testing {
namespace {

struct MemoryColumns {
    std::shared_ptr<Storage> storage = make_memory_storage(EventLog::column_names().size());
    [[nodiscard]] std::shared_ptr<Storage> open() const { return storage; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventLogOpening, MemoryColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventLogCommitting, MemoryColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventLogReading, MemoryColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventLogIndexes, MemoryColumns);

// On a disk in memory: the tests below open a log a hundred times, which on a real disk is a
// thousand fsyncs.
struct RocksColumns {
    FaultyDisk disk;
    [[nodiscard]] std::shared_ptr<Storage> open() {
        return open_rocks_storage({.directory = "/log",
                                   .columns = EventLog::column_names(),
                                   .point_lookup_columns = {EventLog::claims},
                                   .ascending_keys =
                                       {{EventLog::records, 1},
                                        {EventLog::streams, 1 + 16},
                                        {EventLog::merkle, 1}},
                                   .env = disk.env()})
            .value();
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventLogOpening, RocksColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventLogCommitting, RocksColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventLogReading, RocksColumns);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventLogIndexes, RocksColumns);

TEST(RocksEventLog, HoldsWhatWasCommittedWhenOpenedAgain) {
    const TemporaryFolder folder;
    const auto open = [&] {
        return open_rocks_event_log(folder.path(), counted_bytes(), first_epoch, creation);
    };
    {
        const auto log = open().value();
        LogScribe scribe(*log);
        scribe.write(stream_of(ada), ada, {registered("ada")});
        ASSERT_TRUE(scribe.commit().has_value());
        EXPECT_EQ(error_of(open()).fault, StoreFault::cannot_open);
    }
    EXPECT_EQ(open().value()->holder_of({ClaimKind::username, "ada"}).value(), ada.value());
}

TEST(MemoryEventLog, BeginsEmptyEachTime) {
    const auto log = open_memory_event_log(counted_bytes(), first_epoch, creation).value();
    EXPECT_EQ(log->head(), Position());
    EXPECT_EQ(log->epoch(), first_epoch);
}

// ---- Our own bugs end the process ---------------------------------------------------------------

class EventLogDeathTest : public ::testing::Test {
protected:
    EventLogDeathTest() {
        scribe.write(stream_of(harbour), ada, {room_created(), sent("a")});
        EXPECT_TRUE(scribe.commit().has_value());
        scribe.write(stream_of(harbour), ada, {sent("b"), sent("c")});
    }
    void prepare() { static_cast<void>(scribe.prepare()); }

    std::unique_ptr<EventLog> log =
        open_memory_event_log(counted_bytes(), first_epoch, creation).value();
    LogScribe scribe{*log};
};

TEST_F(EventLogDeathTest, APositionThatDoesNotFollow) {
    scribe.batch().events[1].position = Position(5);
    EXPECT_DEATH(prepare(), "positions continue without a gap");
}

TEST_F(EventLogDeathTest, AVersionThatDoesNotFollowTheLastBatch) {
    scribe.batch().events[0].version = Version(4);
    EXPECT_DEATH(prepare(), "a stream's versions continue without a gap");
}

TEST_F(EventLogDeathTest, AVersionThatIsGivenTwice) {
    scribe.batch().events[1].version = Version(3);
    EXPECT_DEATH(prepare(), "a stream's versions continue without a gap");
}

TEST_F(EventLogDeathTest, ATimeBeforeTheLastEvents) {
    scribe.batch().events[0].at = Timestamp(log->last_at().microseconds() - 1);
    EXPECT_DEATH(prepare(), "log time never goes back");
}

TEST_F(EventLogDeathTest, ABatchThatIsCommittedOutOfTurn) {
    auto skipped = scribe.prepare();
    scribe.write(stream_of(harbour), ada, {sent("d")});
    auto next = scribe.prepare();
    EXPECT_DEATH(
        static_cast<void>(log->commit(std::move(next))), "in the order in which they were"
    );
}

// ---- Names --------------------------------------------------------------------------------------

RecordedEvent by_ada(const StreamId& stream, Event event) {
    RecordedEvent recorded;
    recorded.stream = stream;
    recorded.actor = ada;
    recorded.event = std::move(event);
    return recorded;
}

using Changes = std::vector<std::pair<ClaimName, std::optional<Uuid>>>;
Changes changes_of(const Event& event, const std::optional<std::string>& previous_alias) {
    const bool is_account = std::holds_alternative<AccountEvent>(event);
    const StreamId stream = is_account ? stream_of(ada) : stream_of(harbour);
    Changes changes;
    for (const ClaimChange& change : claims_of(by_ada(stream, event), previous_alias)) {
        changes.emplace_back(change.name, change.holder);
    }
    return changes;
}
Event alias_changed(const std::optional<std::string>& alias) {
    RoomUpdated updated;
    updated.alias = Change<std::optional<std::string>>(alias);
    return RoomEvent(updated);
}

TEST(ClaimsOf, ARegistrationTakesTheUsername) {
    EXPECT_EQ(
        changes_of(registered("ada"), std::nullopt),
        (Changes{{{ClaimKind::username, "ada"}, ada.value()}})
    );
}

TEST(ClaimsOf, ANewRoomTakesItsAlias) {
    EXPECT_EQ(
        changes_of(room_created("harbour"), std::nullopt),
        (Changes{{{ClaimKind::alias, "harbour"}, harbour.value()}})
    );
    EXPECT_EQ(changes_of(room_created(), std::nullopt), Changes());
}

TEST(ClaimsOf, ADirectRoomTakesItsPair) {
    RoomCreated created;
    created.direct_with = bea;
    const Event direct = RoomEvent(created);
    EXPECT_EQ(
        changes_of(direct, std::nullopt), (Changes{{direct_pair(bea, ada), harbour.value()}})
    );
}

TEST(ClaimsOf, AChangedAliasReleasesThePreviousOneFirst) {
    EXPECT_EQ(
        changes_of(alias_changed("port"), "harbour"),
        (Changes{
            {{ClaimKind::alias, "harbour"}, std::nullopt},
            {{ClaimKind::alias, "port"}, harbour.value()}})
    );
    EXPECT_EQ(
        changes_of(alias_changed(std::nullopt), "harbour"),
        (Changes{{{ClaimKind::alias, "harbour"}, std::nullopt}})
    );
    EXPECT_EQ(changes_of(alias_changed("harbour"), "harbour"), Changes());
}

TEST(ClaimsOf, OtherEventsTakeNothing) {
    EXPECT_EQ(changes_of(RoomEvent(RoomUpdated{}), "harbour"), Changes());
    EXPECT_EQ(changes_of(sent("x"), "harbour"), Changes());
    EXPECT_EQ(changes_of(AccountEvent(UserRenamed{.display_name = "A"}), std::nullopt), Changes());
    EXPECT_EQ(changes_of(ReaderEvent(RoomRead{harbour, Version(1)}), std::nullopt), Changes());
}

TEST(DirectPair, IsTheSameFromBothSides) {
    EXPECT_EQ(direct_pair(ada, bea), direct_pair(bea, ada));
    EXPECT_EQ(
        direct_pair(bea, ada).name,
        std::string(as_text(ada.value().bytes)) + std::string(as_text(bea.value().bytes))
    );
    EXPECT_NE(direct_pair(ada, bea), direct_pair(ada, ada));
}

}  // namespace
}  // namespace verbatim::testing
